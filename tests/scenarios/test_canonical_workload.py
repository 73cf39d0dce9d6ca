"""The workload that everything is measured on is what it says it is: shares of a seed, and the truth beside it."""

from collections import Counter, defaultdict
from datetime import datetime

import orjson
import pytest

from load_tests.generate import QUIET, VIOLENT, Message, messages, messages_of, truces
from streams.core.terms import DAY

REPORTS = 6_000


@pytest.fixture(scope="module")
def told() -> list[Message]:
    return list(messages(REPORTS))


def test_a_seed_is_the_same_bytes_and_another_is_not(told: list[Message]) -> None:
    assert list(messages(REPORTS)) == told
    assert list(messages(REPORTS, seed=2)) != told
    assert len(told) == REPORTS
    assert [one.received_at for one in told] == sorted(one.received_at for one in told)


def test_what_becomes_of_the_messages(told: list[Message]) -> None:
    fates = Counter(one.fate for one in told)
    assert fates["repeat"] / REPORTS == pytest.approx(0.10, abs=0.02)
    assert fates["unusable"] / REPORTS == pytest.approx(0.05, abs=0.015)
    assert fates["nil"] > 0
    told_first: set[tuple[str, str]] = set()
    for one in told:
        if one.fate == "repeat":
            assert (one.source, one.report_id) in told_first
        told_first.add((one.source, one.report_id))


def test_how_the_usable_say_where(told: list[Message]) -> None:
    said = Counter()
    for one in told:
        if one.fate == "told":
            location = orjson.loads(one.value)["location"]
            said["coordinates" if "lat" in location else "place" if "place" in location else "province"] += 1
    usable = said.total()
    # Of all accounts 60, 30 and 5 in a hundred, and the rest cannot be used.
    assert said["coordinates"] / usable == pytest.approx(0.60 / 0.95, abs=0.03)
    assert said["place"] / usable == pytest.approx(0.30 / 0.95, abs=0.03)
    assert said["province"] / usable == pytest.approx(0.05 / 0.95, abs=0.02)


def test_incidents_are_told_by_one_or_by_up_to_six_that_differ(told: list[Message]) -> None:
    by_incident: dict[int, list[dict]] = defaultdict(list)
    for one in told:
        if one.fate == "told":
            assert one.incident is not None
            by_incident[one.incident].append(orjson.loads(one.value))
    tellers = Counter(len({report["source"] for report in reports}) for reports in by_incident.values())
    assert max(tellers) <= 6
    # A few of those told by several have lost a teller to a repeat or to what cannot be used.
    assert sum(count for number, count in tellers.items() if number > 1) / tellers.total() == pytest.approx(0.28, abs=0.04)
    several = [reports for reports in by_incident.values() if len(reports) > 2]
    for differing in ("occurred_at", "casualties"):
        assert sum(len({str(report.get(differing)) for report in reports}) > 1 for reports in several) > len(several) / 3


def test_some_are_late_one_zone_is_violent_and_one_is_quiet(told: list[Message]) -> None:
    terms = truces(1)[0]
    names = {zone.areas[0]: zone.name for zone in terms.zones}
    late, violent, usable = 0, 0, 0
    for one in told:
        if one.fate == "told":
            report = orjson.loads(one.value)
            usable += 1
            late += one.received_at - _seconds(report["occurred_at"]) >= DAY
            violent += f"({names[VIOLENT]})" in report["text"]
            assert f"({names[QUIET]})" not in report["text"]
    assert late / usable == pytest.approx(0.05, abs=0.02)
    assert violent / usable == pytest.approx(0.5, abs=0.05)


def test_sources_lineages_and_sides() -> None:
    sources = truces(1)[0].sources
    assert len(sources) == 20
    assert len({source.lineage or source.id for source in sources}) == 8
    assert len({source.side for source in sources}) == 3


def test_several_truces_share_the_messages_and_nothing_else() -> None:
    told_of = truces(3)
    assert len({terms.truce.id for terms in told_of}) == len({terms.truce.topics[0] for terms in told_of}) == 3
    assert sorted(terms.truce.partition for terms in told_of) == [0, 1, 2]
    first, second = (list(messages_of(number, 3, 900, seed=1)) for number in range(2))
    assert len(first) == len(second) == 300
    assert first != second


def _seconds(stated: str) -> int:
    return int(datetime.fromisoformat(stated).timestamp())
