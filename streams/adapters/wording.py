"""What a category, a type or a title says of the kind of a violation and of its weapon.

For formats that leave the words to whoever fills them in. English and Arabic; of words that mean nothing here a mapping
can say what they mean (`[values.kind]`).
"""

import re

from schemas.reasons import Kind, Weapon


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})", re.IGNORECASE)


# In the order in which they are asked: what flies before what falls, the sharper word before the blunter.
_WEAPONS = (
    (Weapon.UAV, _any("drones?", r"uavs?\b", "unmanned", "quad-?copters?", "loitering", "مسير", "طائرة مسيرة", "درون")),
    (
        Weapon.AIRSTRIKE,
        _any(
            r"air[\s_/-]*(?:strikes?|raids?|attacks?|bomb)",
            "aerial",
            "war[ -]?planes?",
            "barrel bombs?",
            "غارة",
            "غارات",
            "برميل",
            "قصف جوي",
        ),
    ),
    (Weapon.ATGM, _any(r"atgms?\b", "anti[ -]?tank", "guided missiles?", "صاروخ موجه")),
    (Weapon.MORTAR, _any("mortars?", "هاون")),
    (Weapon.ROCKET, _any("rockets?", "mlrs", r"grads?\b", "missiles?", "صاروخ", "صواريخ", "راجم")),
    (Weapon.TANK, _any(r"tanks?\b", "دبابة", "دبابات")),
    (Weapon.ARTILLERY, _any("artiller", "howitzers?", "shell", "مدفع", "قذيفة", "قذائف", "قصف مدفعي")),
    (
        Weapon.IED_MINE,
        _any(
            r"ieds?\b",
            r"land[ _-]?mines?",
            r"mines?\b",
            "booby",
            "car bombs?",
            "suicide",
            "explosive devices?",
            "عبوة",
            "لغم",
            "مفخخة",
        ),
    ),
    (
        Weapon.SMALL_ARMS,
        _any(r"small[ _]arms", "gun", "snip", "machine guns?", "rifles?", "shooting", r"shots?\b", "قنص", "إطلاق نار", "رشاش"),
    ),
)

_KINDS = (
    (Kind.ACCESS_DENIED, _any(r"access[ _](?:denied|denial)", r"(?:aid|convoy)\b.*\b(?:block|denied|refused|held)", "منع دخول")),
    (Kind.MONITOR_RESTRICTED, _any(r"monitors?[ _]restrict", r"(?:monitors?|observers?)\b.*\b(?:block|denied|stopped|turned)")),
    (Kind.DISPROPORTIONATE_FORCE, _any("disproportionate", "excessive force")),
    (Kind.WITHDRAWAL_BREACH, _any("withdrawal", r"heavy weapons?\b.*\b(?:zone|line)")),
    (Kind.DETENTION, _any("detention", "detain", "arrest", "abduct", "kidnap", "disappear", "اعتقال", "خطف", "اختطاف")),
    (Kind.TERRITORY, _any("territor", "advance", "captur", "seiz", "regain", "overtake", "سيطر")),
    (
        Kind.ATTACK,
        _any(
            "attack", "battle", "clash", "explosion", "bomb", "fire", "firing", "shell", "strike", "raid", "violence", "kill",
            "armed", "combat", "fight", "assault", "هجوم", "قصف", "اشتباك", "تفجير", "انفجار", "مجزرة",
        ),
    ),
    (Kind.OTHER, _any("protest", "riot", "demonstration", "loot", "agreement", "مظاهرة")),
)  # fmt: skip


def weapon_of(text: str) -> Weapon | None:
    """The weapon that a text names, or None."""
    return next((weapon for weapon, words in _WEAPONS if words.search(text)), None)


def kind_of(text: str) -> Kind | None:
    """The kind of violation that a text names; one that names only a weapon is an attack. None where it names neither."""
    named = next((kind for kind, words in _KINDS if words.search(text)), None)
    return Kind.ATTACK if named is None and weapon_of(text) is not None else named


__all__ = ["kind_of", "weapon_of"]
