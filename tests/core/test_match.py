"""How two accounts compare: the level that each comparison reaches, and the sum that decides."""

from typing import Any

import msgspec
import pytest

from schemas.facts import Circle, Report
from schemas.reasons import Method
from streams.core.claims import Account, Reading
from streams.core.features import Features
from streams.core.ladder import COMPARISONS, DEFAULTS, NAMES
from streams.core.likeness import Script, bits_apart, wording
from streams.core.match import explain, rule_of, score
from streams.core.terms import Match, TermsError, parse

TRUCE = {
    "truce": {"id": "known", "name": "A truce", "countries": ["SY"], "d_hour": "2016-09-12T00:00:00Z", "time_zone": "UTC"},
    "opposed": ["north", "south"],
    "actors": [{"id": "government", "names": ["the army"]}],
}
TERMS = parse(TRUCE | {"truce": TRUCE["truce"] | {"salt": "of incident ids"}})
RULE = rule_of(TERMS.match)
READING = Reading(TERMS)
NEWS = "Shells fell on the vegetable market of the old town shortly before noon, and three people died there"
SAME_NEWS = "Shells fell on the vegetable market of the Old Town, shortly before noon; and three people died there."
OTHER_NEWS = "A convoy of the relief agency came under small arms fire on the ring road and turned back to its depot"
ARABIC = "سقطت قذائف على سوق الخضار في البلدة القديمة قبيل الظهر وقتل ثلاثة اشخاص"


def told(metres_north: int = 0, radius_m: int = 500, **fields: Any) -> Features:
    values = {"report_id": "r", "source": "s", "type": "violation", "kind": "attack", "occurred_at": "2016-09-13T10:00:00Z"}
    report = msgspec.convert(values | fields, Report)
    circle = Circle(36.2 + metres_north / 111_195, 37.15, radius_m, 1, Method.COORDINATES, [])
    return Account(report, circle, 0, READING).features


@pytest.mark.parametrize(
    ("comparison", "one", "other", "level"),
    [
        ("place", {}, {"metres_north": 900}, "same_spot"),
        ("place", {}, {"metres_north": 400}, "same_point"),
        ("place", {}, {"metres_north": 3_000}, "close"),
        ("place", {}, {"metres_north": 5_000}, "near"),
        ("place", {"radius_m": 5_000}, {"metres_north": 400}, "same_centre"),
        ("place", {"radius_m": 5_000}, {"metres_north": 2_500}, "same_town"),
        ("place", {"radius_m": 5_000}, {"metres_north": 4_000}, "overlapping"),
        ("place", {"radius_m": 5_000}, {"metres_north": 7_000}, "next_to"),
        ("place", {"radius_m": 20_000}, {"metres_north": 4_000}, "same_district"),
        ("place", {"radius_m": 80_000}, {"metres_north": 4_000}, "same_province"),
        ("place", {}, {"metres_north": 7_000}, None),
        ("time", {}, {"occurred_at": "2016-09-13T10:04:00Z"}, "same_moment"),
        ("time", {}, {"occurred_at": "2016-09-13T10:10:00Z"}, "same_time"),
        ("time", {}, {"time_precision": "hour"}, "same_hour"),
        ("time", {}, {"occurred_at": "2016-09-13T08:00:00Z", "time_precision": "part_of_day"}, "same_part_of_day"),
        ("time", {}, {"occurred_at": "2016-09-13T10:59:00Z"}, "within_an_hour"),
        ("time", {}, {"occurred_at": "2016-09-13T12:59:00Z"}, "within_three_hours"),
        ("time", {}, {"occurred_at": "2016-09-13T21:59:00Z"}, "within_the_window"),
        ("time", {}, {"occurred_at": "2016-09-13T22:01:00Z"}, None),  # both are sharp: half the window
        ("time", {}, {"time_precision": "day"}, "same_day"),
        ("time", {}, {"time_precision": "week"}, "same_days"),
        ("time", {}, {"occurred_at": "2016-09-14T10:00:00Z", "time_precision": "day"}, "another_day"),
        ("time", {}, {"occurred_at": "2016-09-15T10:00:00Z", "time_precision": "day"}, None),
        ("weapon", {"weapon": "mortar"}, {"weapon": "mortar"}, "same"),
        ("weapon", {"weapon": "mortar"}, {}, "unsaid_by_one"),
        ("weapon", {}, {}, "unsaid_by_both"),
        ("weapon", {"weapon": "mortar"}, {"weapon": "tank"}, "alike"),
        ("weapon", {"weapon": "mortar"}, {"weapon": "airstrike"}, None),
        ("weapon", {"weapon": "small_arms"}, {}, None),  # no explosive weapon
        ("weapon", {}, {"kind": "disproportionate_force"}, "unsaid_by_both"),
        ("weapon", {}, {"kind": "territory"}, None),
        ("killed", {"casualties": {"killed": 4}}, {"casualties": {"killed": {"low": 2, "high": 5}}}, "agree"),
        ("killed", {"casualties": {"killed": 0}}, {"casualties": {"killed": 0}}, "nobody"),
        ("killed", {"casualties": {"killed": 4}}, {}, "unsaid"),
        ("killed", {"casualties": {"killed": 4}}, {"casualties": {"killed": 6}}, "near"),
        ("killed", {"casualties": {"killed": 4}}, {"casualties": {"killed": 10}}, "far_apart"),
        ("killed", {"casualties": {"killed": 4}}, {"casualties": {"killed": 0}}, "nobody_by_one"),
        ("injured", {"casualties": {"injured": "tens"}}, {"casualties": {"injured": 30}}, "agree"),
        ("by", {"by": "government"}, {"by": "The Army"}, "same"),
        ("by", {"by": "government"}, {}, "unsaid"),
        ("by", {"by": "government"}, {"by": "brigades"}, "other"),
        ("against", {"against": "brigades"}, {"against": "Brigades"}, "same"),
        ("text", {"text": NEWS}, {"text": SAME_NEWS}, "near_identical"),
        ("text", {"text": NEWS}, {"text": OTHER_NEWS}, "unlike"),
        ("text", {"text": NEWS}, {"text": ARABIC}, "not_comparable"),
        ("text", {"text": "Shelling in the east"}, {"text": "Shelling in the east"}, "not_comparable"),  # too short to tell
        ("links", {"links": ["https://example.org/1", "https://example.org/2"]}, {"links": ["https://example.org/2/"]}, "shared"),
        ("links", {"links": ["https://example.org/1"]}, {"links": ["https://example.org/2"]}, "other"),
        ("links", {"links": ["https://example.org/1"]}, {}, "unsaid"),
    ],
)
def test_what_two_accounts_are_compared_on(comparison: str, one: dict, other: dict, level: str | None) -> None:
    first, second = told(**one), told(**other)
    for waterfall in (explain(first, second, RULE), explain(second, first, RULE)):
        reached = None if waterfall is None else next(step.level for step in waterfall if step.comparison == comparison)
        assert reached == level


def test_a_score_is_the_sum_of_its_waterfall() -> None:
    first, second = told(weapon="mortar", text=NEWS), told(weapon="mortar", text=SAME_NEWS)
    waterfall = explain(first, second, RULE)
    assert waterfall is not None
    assert [step.comparison for step in waterfall] == list(COMPARISONS)
    assert score(first, second, RULE) == sum(step.weight for step in waterfall)


def test_terms_may_weigh_any_level_and_only_levels() -> None:
    rule = rule_of(Match(threshold=2.5, weights={"place": {"near": -3.25}}))
    assert rule.threshold == 2_500
    changed = [name for name, weight, old in zip(NAMES, rule.weights, DEFAULTS, strict=True) if weight != round(old * 1_000)]
    assert changed == [("place", "near")]
    assert rule.weights[NAMES.index(("place", "near"))] == -3_250
    with pytest.raises(TermsError, match=r"match\.weights\.place\.nearby: there is no such level"):
        parse(TERMS.as_mapping() | {"match": {"weights": {"place": {"nearby": 1.0}}}})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NEWS, NEWS.upper()),
        (NEWS, "  ".join(NEWS.split()).replace("died", "died,")),
        (NEWS, f"{NEWS} https://example.org/watch?v=1"),
        (ARABIC, ARABIC.replace("ة", "ه").replace("ا", "أ", 1).replace("قذائف", "قذائـــف")),
    ],
)
def test_spelling_that_carries_no_meaning_changes_no_signature(one: str, other: str) -> None:
    assert bits_apart(wording(one).signature, wording(other).signature) <= 2


def test_the_script_of_a_text_is_that_of_most_of_its_letters() -> None:
    assert wording(NEWS).script is Script.LATIN
    assert wording(f"{ARABIC} (SNN)").script is Script.ARABIC
    assert wording("Обстрел посёлка в районе линии соприкосновения").script is Script.CYRILLIC


def test_a_text_of_any_length_costs_the_same() -> None:
    assert wording(NEWS * 500).letters == 400
