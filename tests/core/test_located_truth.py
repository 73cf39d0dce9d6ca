"""How well places are found in real lists and reports. The tables of the README are made of the same measurements."""

import pytest

from load_tests import labelled, locating
from streams.core import gazetteer

ABSENT = labelled.missing()
pytestmark = pytest.mark.skipif(ABSENT is not None, reason=ABSENT or "")
SEED = 1


@pytest.fixture(scope="module")
def with_lists() -> list[locating.Measured]:
    return locating.on_labelled(gazetteer.load(["SY"], None, labelled.lists()), SEED)


@pytest.fixture(scope="module")
def alone() -> list[locating.Measured]:
    return locating.on_labelled(gazetteer.load(["SY"]), SEED)


def share(measured: list[locating.Measured]) -> float:
    """Of those located: within 5 km or inside their circle."""
    located = [one for one in measured if one.circle is not None]
    return sum(one.is_near or one.is_held for one in located) / len(located)


def test_the_labelled_set_is_large_and_the_same_for_the_same_seed() -> None:
    cases = labelled.cases(SEED)
    assert len(cases) >= 300
    assert labelled.cases(SEED) == cases
    assert labelled.cases(SEED + 1) != cases


def test_with_the_lists_nearly_all_that_is_located_is_near_or_held(with_lists: list[locating.Measured]) -> None:
    assert share(with_lists) >= 0.95
    by_kind: dict[str, list[locating.Measured]] = {}
    for one in with_lists:
        by_kind.setdefault(one.kind, []).append(one)
    shares = {kind: share(some) for kind, some in by_kind.items() if sum(one.circle is not None for one in some) >= 20}
    assert len(shares) >= 15
    assert min(shares.values()) >= 0.9, shares


def test_geonames_alone_claims_no_more_than_it_knows(alone: list[locating.Measured]) -> None:
    assert share(alone) >= 0.93


def test_no_answer_is_far_off_and_sure_of_itself(with_lists: list[locating.Measured], alone: list[locating.Measured]) -> None:
    assert [one for one in (*with_lists, *alone) if one.is_badly_wrong] == []


def test_the_stated_radius_of_each_method_holds_the_truth(
    with_lists: list[locating.Measured], alone: list[locating.Measured]
) -> None:
    by_method = locating.methods([*with_lists, *alone])
    held = {method: sum(part <= 1 for part in shares) / len(shares) for method, shares in by_method.items()}
    assert min(held.values()) >= 0.95, held
    assert len(held) >= 8


def test_the_archive_by_province_and_locality_alone() -> None:
    everything = locating.on_archive(gazetteer.load(["SY"], None, labelled.lists()))
    assert sum(one.is_held for one in everything) / len(everything) >= 0.95
    rows = locating.named_localities(everything)
    assert len(everything) > len(rows) > 1_300
    assert sum(one.is_held for one in rows) / len(rows) >= 0.95
    # What no list has cannot be within 5 km: for the rest it is nearly all.
    known = [one for one in rows if one.kind != locating.UNLISTED]
    assert sum(one.is_near for one in rows) / len(rows) >= 0.54
    assert sum(one.is_near for one in known) / len(known) >= 0.9


def test_the_archive_teaches_the_villages_that_no_list_has() -> None:
    """Each row by what the rows of the other months teach."""
    everything = locating.on_archive_taught()
    rows = locating.named_localities(everything)
    assert len(rows) > 1_300
    assert sum(one.is_near for one in rows) / len(rows) >= 0.8
    assert sum(one.is_held for one in rows) / len(rows) >= 0.95
    assert sum(one.is_held for one in everything) / len(everything) >= 0.95


def test_each_published_phrase_is_inside_its_circle() -> None:
    found = locating.on_phrases()
    assert len(found) == 12
    assert [phrase for phrase, one in found if not one.is_held] == []
