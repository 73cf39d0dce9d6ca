"""What is written in C is held to what is written in Python: the same groups, the same signatures."""

import unicodedata
from random import Random

import msgspec
import pytest
from core.builders import TERMS

from schemas.facts import Circle, Report
from schemas.reasons import Method
from streams.core import likeness
from streams.core.anchoring import Anchoring
from streams.core.claims import Account, Reading
from streams.core.deduplicate import Claim
from streams.core.match import rule_of, score
from streams.core.native import LIBRARY
from streams.core.native.groups import Groups, Packed
from streams.core.neighbourhood import Neighbourhood
from streams.core.repeats import REPEAT_BITS, Repeats, repeats
from streams.core.terms import Match

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="the native part is not built here: no C compiler was found")

READING = Reading(TERMS)
SOURCES = ("watcher", "council", "archive", "outlet", "agency", "radio", "somebody", "passer-by", "a third")


def claim(random: Random, number: int, far: bool, day: int = 1) -> Claim:
    """Near each other in place and time, or all over the world; of every kind that rules tell apart."""
    near = random.choice((36.2, 36.2, 36.2, -71.5)), random.choice((37.1, 179.99, -179.99))
    lat, lon = (random.uniform(-90, 90), random.uniform(-180, 180)) if far else near
    on = f"2016-03-{random.randrange(day, day + 3):02}"
    body = {
        "report_id": f"r{number}",
        "source": random.choice(SOURCES),
        "type": "violation",
        "kind": random.choice(["attack", "attack", "attack", "disproportionate_force", "detention"]),
        "weapon": random.choice(["mortar", "artillery", "small_arms", "undetermined", "undetermined", "airstrike", "uav"]),
        "occurred_at": f"{on}T{random.randrange(24):02}:{random.randrange(0, 60, 20):02}:00Z",
        "time_precision": random.choice(["exact", "exact", "hour", "part_of_day", "day", "week", "month"]),
    }
    if random.random() < 0.6:
        body["casualties"] = {
            "killed": random.choice([0, 1, 2, 7, {"low": 1, "high": 4}, "tens"]),
            "injured": random.randrange(3),
        }
    for field in ("by", "against"):
        if random.random() < 0.4:
            body[field] = random.choice(["northerners", "southerners", "outlaws"])
    if random.random() < 0.3:
        body["text"] = f"Shells fell on the market in the early hours, number {random.randrange(4) * 1111}"
    if random.random() < 0.2:
        body["links"] = [f"https://example.org/{random.randrange(3)}" for _ in range(random.randrange(1, 4))]
    radius_m, precision = random.choice([(100, 1), (900, 1), (3_000, 2), (10_000, 3), (90_000, 4), (300_000, 6)])
    lat = max(-90.0, min(90.0, lat + random.uniform(-0.1, 0.1)))
    lon += random.uniform(-0.01, 0.01) * random.choice((1, 1, 15))
    circle = Circle(lat, lon, radius_m, precision, Method.COORDINATES, ["SY.09"])
    return Claim(Account(msgspec.convert(body, Report), circle, 0, READING))


def by_score(match: Match) -> Anchoring:
    rule = rule_of(match)
    return Anchoring(Neighbourhood(match), lambda one, other: score(one.features, other.features, rule), rule.threshold, True)


def groups_of(changes, told: dict) -> dict:
    """Each claim's anchor, by number, once some changes have been applied."""
    for anchor, one, joined in changes:
        if joined:
            told[one.order] = anchor.order
        else:
            assert told.pop(one.order) == anchor.order
    return told


@pytest.mark.parametrize("seed", range(60))
def test_what_repeats_in_c_is_what_repeats_in_python(seed: int) -> None:
    random = Random(1_000 + seed)
    match = Match(neighbours_max=random.choice([1, 2, 3, 64]), distance_m=random.choice([1_000, 5_000]))
    rule = rule_of(match)
    python = Anchoring(Repeats(match), lambda head, one: repeats(head.features, one.features, rule), 0, exclusive=False)
    come_and_go(random, match, python, Groups(LIBRARY, match, rule, Packed(), REPEAT_BITS), lambda *at: claim(*at).account)


@pytest.mark.parametrize("seed", range(60))
def test_groups_in_c_are_those_of_python_whatever_comes_and_goes(seed: int) -> None:
    random = Random(seed)
    match = Match(neighbours_max=random.choice([1, 2, 5, 64]), distance_m=random.choice([1_000, 5_000, 60_000]))
    rule = rule_of(match)
    come_and_go(random, match, by_score(match), Groups(LIBRARY, match, rule, Packed()), claim, far=seed % 5 == 4)


@pytest.mark.parametrize("seed", range(20))
def test_groups_in_c_are_those_of_python_when_what_is_old_is_forgotten(seed: int) -> None:
    random = Random(2_000 + seed)
    match = Match(neighbours_max=random.choice([1, 2, 5]), distance_m=random.choice([1_000, 5_000]), window_hours=12)
    python, native = by_score(match), Groups(LIBRARY, match, rule_of(match), Packed())
    live: list[list[tuple[Claim, Claim]]] = []
    told: dict = {}
    native_told: dict = {}
    for day in range(1, 28):
        live.append([])
        for number in range(random.randrange(1, 40)):
            state = random.getstate()
            one = claim(random, day * 100 + number, False, day)
            random.setstate(state)
            live[-1].append((one, claim(random, day * 100 + number, False, day)))
            python.add(live[-1][-1][0])
            native.add(live[-1][-1][1])
        if len(live[-1]) > 1:
            one, other = live[-1].pop(random.randrange(len(live[-1])))
            python.remove(one)
            native.remove(other)
        groups_of(python.resolve(), told)
        groups_of(native.resolve(), native_told)
        assert native_told == told
        if len(live) > 10:
            for one, other in live.pop(0):
                python.forget(one)
                native.forget(other)
            assert python.resolve() == native.resolve() == []


def test_an_anchor_that_may_take_members_since_another_was_forgotten_takes_them_when_it_is_heard() -> None:
    """Nobody is told when one is forgotten. Who joins the next then asks all, as in Python, also those it does not fit itself."""
    match = Match(neighbours_max=1, window_hours=12)
    sides = by_score(match), Groups(LIBRARY, match, rule_of(match), Packed())

    def told(source: str, at: str, **more: object) -> tuple[Claim, ...]:
        body = {"report_id": at, "source": source, "type": "violation", "kind": "attack", "weapon": "mortar"}
        report = msgspec.convert(body | {"occurred_at": f"2016-03-01T{at}:00Z"} | more, Report)
        circle = Circle(36.2, 37.1, 100, 1, Method.COORDINATES, ["SY.09"])
        return tuple(Claim(Account(report, circle, 0, READING)) for _ in sides)

    def add(*claims: tuple[Claim, ...]) -> None:
        for number, side in enumerate(sides):
            for one in claims:
                side.add(one[number])
            side.resolve()

    first, second = told("watcher", "00:10"), told("council", "11:30")
    many = told("outlet", "11:40", casualties={"killed": 20, "injured": 20})
    add(first, second, many)
    assert all(one.anchor is one for claims in (first, second, many) for one in claims)
    for side, one in zip(sides, first, strict=True):
        side.forget(one)
        assert side.resolve() == []
    few = told("archive", "17:00", time_precision="hour", casualties={"killed": 1, "injured": 1})
    add(few)
    for number in range(len(sides)):
        assert few[number].anchor is many[number].anchor is second[number]


def test_in_these_stories_things_are_grouped() -> None:
    """Or the two would be compared on nothing."""
    match = Match()
    rule = rule_of(match)
    for seed in range(10):
        assert come_and_go(Random(seed), match, by_score(match), Groups(LIBRARY, match, rule, Packed()), claim)


def come_and_go(random: Random, match: Match, python: Anchoring, native: Groups, make, far: bool = False) -> bool:
    """The same things come to both and go again, in the same groups all the time. Whether any was not alone in the end."""
    pairs: list[tuple] = []
    told: dict = {}
    native_told: dict = {}
    number = 0
    for _ in range(random.randrange(5, 25)):
        for _ in range(random.randrange(1, 30)):
            number += 1
            state = random.getstate()
            one = make(random, number, far)
            random.setstate(state)
            pairs.append((one, make(random, number, far)))
            python.add(pairs[-1][0])
            native.add(pairs[-1][1])
        # Some go, among them some that have only just come.
        for _ in range(random.randrange(min(len(pairs), 12))):
            one, other = pairs.pop(random.randrange(len(pairs)))
            python.remove(one)
            native.remove(other)
        groups_of(python.resolve(), told)
        groups_of(native.resolve(), native_told)
        assert native_told == told
        assert {one.order for one, _ in pairs} == set(told)
    return len(set(told.values())) < len(told)


NAMED = [(source, report_id) for source in ("watcher", "Watcher", " watcher", "zz") for report_id in ("r", "r1", "r12")]


@pytest.mark.parametrize("one", NAMED)
@pytest.mark.parametrize("other", NAMED)
def test_the_first_of_two_that_differ_in_their_names_alone_is_the_same_in_c(one: tuple[str, str], other: tuple[str, str]) -> None:
    circle = Circle(36.2, 37.1, 100, 1, Method.COORDINATES, ["SY.09"])
    told = {"type": "violation", "kind": "attack", "occurred_at": "2016-03-01T10:00:00Z", "links": ["https://example.org"]}
    reports = [msgspec.convert(told | {"source": source, "report_id": number}, Report) for source, number in (one, other)]
    first, second = sorted((Claim(Account(report, circle, 0, READING)) for report in reports), key=lambda claim: claim.order)
    match = Match(threshold=-100)
    native = Groups(LIBRARY, match, rule_of(match), Packed())
    native.add(second)
    native.add(first)
    native.resolve()
    if one != other:
        alone = first.source == second.source
        assert [first.anchor, second.anchor] == [first, second if alone else first]
    accounts = Groups(LIBRARY, match, rule_of(match), Packed(), REPEAT_BITS)
    accounts.add(second.account)
    accounts.add(first.account)
    accounts.resolve()
    if one != other and first.source == second.source:
        assert first.account.anchor is second.account.anchor is first.account


def test_a_group_that_is_forgotten_gives_its_handles_back() -> None:
    random = Random(1)
    match = Match()
    native = Groups(LIBRARY, match, rule_of(match), Packed())
    for start in range(0, 500, 100):
        claims = [claim(random, start + number, False) for number in range(100)]
        for one in claims:
            native.add(one)
        native.resolve()
        random.shuffle(claims)
        for one in claims:
            native.forget(one)
        assert native.resolve() == []
    assert len(native._claims) == 100
    assert native._sources == {}


ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyzABCXYZ  .,_-!0123456789",
    "abcéèüßıİñ ﬁ½ABC 012",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآ ـ٠١٢",
    "абвгдеёжзийклмнопрст ",
    "漢字仮名交じり文𐀀𐀁𐀂\ud800",
)


@pytest.mark.parametrize("seed", range(200))
def test_the_signature_of_a_text_in_c_is_that_of_python(seed: int) -> None:
    random = Random(seed)
    alphabet = "".join(random.sample(ALPHABETS, random.choice([1, 1, 2])))
    text = "".join(random.choices(alphabet, k=random.choice([10, 23, 24, 25, 60, 399, 400, 401, 2_000])))
    if random.random() < 0.3:
        text += random.choice([" https://example.org/a?b=c and more of it", " www.example.org/abc that is all", " http"])
    plain = likeness.letters(text)
    without = likeness._ADDRESS.sub(" ", text[: likeness.LETTERS_MAX * 4])
    levelled = unicodedata.normalize("NFKD", without.casefold()).translate(likeness._SAME_LETTER)
    assert plain == likeness._NOT_LETTERS.sub("", levelled)[: likeness.LETTERS_MAX], "levelled as a whole or letter by letter"
    expected = likeness.UNSAID
    if len(plain) >= likeness.LETTERS_MIN:
        expected = likeness.Wording(likeness._script(plain), likeness._signature(plain), len(plain))
    assert likeness.wording(text) == expected
