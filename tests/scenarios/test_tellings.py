"""The scenarios as reports: one seed is one telling, every report keeps to the contract, and the variety is there."""

from collections import Counter

import msgspec
import pytest

from schemas.facts import Rejection, Report
from schemas.reasons import ReportType
from streams.core.check import check
from streams.core.terms import DAY
from streams.scenarios import SCENARIOS, terms_of, topic_of
from streams.scenarios.convoy import STORY, TELLINGS
from streams.scenarios.desk import D_HOUR_S
from streams.scenarios.routine import ZONES

SEEDS = range(1, 6)
BOTH = pytest.mark.parametrize("scenario", SCENARIOS)


def reports(scenario: str, seed: int = 1) -> list[Report]:
    return [msgspec.json.decode(arrival.value, type=Report) for arrival in SCENARIOS[scenario](seed)]


@BOTH
def test_one_seed_is_one_telling_and_another_seed_is_another(scenario: str) -> None:
    assert list(SCENARIOS[scenario](7)) == list(SCENARIOS[scenario](7))
    assert list(SCENARIOS[scenario](7)) != list(SCENARIOS[scenario](8))


@BOTH
@pytest.mark.parametrize("seed", SEEDS)
def test_every_report_is_taken_at_the_time_it_arrives(scenario: str, seed: int) -> None:
    refused = [
        (arrival.where, answer)
        for arrival in SCENARIOS[scenario](seed)
        if isinstance(answer := check(arrival.value, arrival.received_at, clock_skew_max_s=0), Rejection)
    ]
    assert refused == []


@BOTH
@pytest.mark.parametrize("seed", SEEDS)
def test_reports_arrive_in_order_and_none_shares_an_id_but_its_revisions(scenario: str, seed: int) -> None:
    arrivals = list(SCENARIOS[scenario](seed))
    assert [a.received_at for a in arrivals] == sorted(a.received_at for a in arrivals)
    assert len({a.where for a in arrivals}) == len(arrivals)
    ids = Counter((r.source, r.report_id, r.revision) for r in reports(scenario, seed))
    assert max(ids.values()) == 1


@BOTH
def test_the_tellings_have_the_variety_of_real_reports(scenario: str) -> None:
    told = reports(scenario)
    always = {ReportType.VIOLATION, ReportType.NIL, ReportType.ALIVE, ReportType.ACCESS, ReportType.DECLARATION, ReportType.TALLY}
    only_it_happened = {ReportType.DENIAL, ReportType.ACKNOWLEDGEMENT}
    assert {report.type for report in told} == always | (only_it_happened if scenario == "as-it-happened" else set())
    assert {report.language for report in told} == {"en", "ar"}


def test_the_convoy_is_told_by_a_dozen_voices_revised_repeated_and_once_taken_back() -> None:
    convoy = [r for r in reports("as-it-happened") if f"/{STORY}/" in r.report_id and r.type is ReportType.VIOLATION]
    assert len({report.source for report in convoy}) == len(TELLINGS) + 1 >= 12
    assert sum(report.revision > 1 and report.status == "active" for report in convoy) == 2
    assert [report.source for report in convoy if report.status == "retracted"] == ["@saddlebridge"]
    assert sum(report.report_id.endswith("/2") for report in convoy) == 2
    delays = [(a.received_at - D_HOUR_S) // DAY for a in SCENARIOS["as-it-happened"](1) if b"/convoy/" in a.value]
    assert min(delays) == 7 and max(delays) > 7, "most are told the same evening, some a day later"


def test_both_tellings_are_under_the_same_terms() -> None:
    happened, agreed = (terms_of(scenario).as_mapping() for scenario in SCENARIOS)
    head = ("id", "name", "salt", "partition", "topics")
    for terms, scenario in zip((happened, agreed), SCENARIOS, strict=True):
        assert terms["truce"]["topics"] == [topic_of(scenario)]
        for name in head:
            del terms["truce"][name]
    assert happened == agreed


@BOTH
def test_the_scenarios_know_the_zones_and_the_hour_of_their_terms(scenario: str) -> None:
    terms = terms_of(scenario)
    assert terms.zone_ids == ZONES
    assert terms.d_hour_s == D_HOUR_S
