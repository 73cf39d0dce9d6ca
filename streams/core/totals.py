"""Whether words tell of many places together: a total, which is none of the incidents that it adds up, and no further one."""

import re

_PLACES = "towns|villages|areas|places|districts|neighbou?rhoods|quarters|cities|locations|fronts"
_WHOLE = "province|governorate|region|countryside|country|syria"
_WORDS = re.compile(
    rf"\b(?:across|throughout|all over) (?:the |all )?(?:whole |entire )?(?:{_WHOLE}|{_PLACES})\b"
    rf"|\b(?:several|various|different|many|multiple|scattered|dozens of) (?:{_PLACES})\b"
    # In all parts of; scattered areas; several areas, towns, villages, cities, quarters.
    r"|في (?:أنحاء|عموم|مختلف|كافة)|مناطق متفرقة|عدة (?:مناطق|بلدات|قرى|مدن|أحياء)",
    re.IGNORECASE,
)


def tells_of_many(text: str) -> bool:
    """English and Arabic. Meant for reports that name no more than a province: of a town the same words say less."""
    return _WORDS.search(text) is not None


__all__ = ["tells_of_many"]
