"""Matching against a known truth, and what is learned of it without labels."""

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from load_tests.truth import gates, peers
from load_tests.truth.ours import groups, happening_of, located, picture_of
from load_tests.truth.score import agreement, intervals
from load_tests.truth.write import TERMS_FILE, told
from streams.commands.match import match
from streams.core.terms import load

TERMS = load(TERMS_FILE)


@pytest.mark.parametrize(("coordinates", "f1_min"), [(True, 0.935), (False, 0.89)])
def test_incidents_agree_with_the_truth_far_better_than_a_plain_rule(coordinates: bool, f1_min: float) -> None:
    happenings, tellings = told(1, TERMS, coordinates)
    truth = {(one.source, one.report_id): one.happening for one in tellings if one.happening is not None}
    reports = located(tellings, TERMS)
    picture = picture_of(reports, TERMS)
    ours, plain = agreement(truth, groups(picture)), peers.plain(reports, TERMS, truth).agreement
    assert ours.f1 >= f1_min
    assert ours.f1 > plain.f1 + 0.3
    killed = {one.number: one.killed for one in happenings}
    tolls = [
        (killed[number], picture.derived[one].killed) for one, number in happening_of(picture, truth).items() if number in killed
    ]
    assert intervals(tolls).held >= 0.92


def test_a_perfect_grouping_scores_one_and_one_heap_has_no_precision() -> None:
    truth = {("a", "1"): 1, ("b", "2"): 1, ("c", "3"): 2}
    assert agreement(truth, truth).f1 == agreement(truth, truth).b_cubed_f1 == 1.0
    heap = agreement(truth, dict.fromkeys(truth, "one"))
    assert (heap.precision, heap.recall) == (1 / 3, 1.0)


def test_a_calm_truce_opens_and_a_violent_one_does_not() -> None:
    calm, violent = gates.judge(0, "calm", TERMS), gates.judge(0, "violent", TERMS)
    assert calm.found is not None and not calm.false_open
    assert violent.found is None and not violent.false_block


def test_a_flood_of_inventions_shuts_a_calm_truce_until_a_monitor_says_that_it_saw_nothing() -> None:
    honest, flooded, watched = (gates.judge(0, "calm", TERMS, setting) for setting in gates.SETTINGS.values())
    assert flooded.found is None
    assert watched.found == honest.found is not None
    assert not watched.false_open


def test_a_stricter_gate_is_judged_by_what_was_agreed() -> None:
    """Eight days are asked for where seven were agreed: it opens a day late, and neither too early nor by another truth."""
    longer = load(TERMS_FILE, ["gate.days=8", "gate.max_span_days=10"])
    agreed, asked = (gates.judge(100, "calm", terms, agreed=TERMS) for terms in (TERMS, longer))
    assert asked.truly == agreed.truly == agreed.found
    assert (agreed.days_late, asked.days_late) == (0, 1)


def test_a_further_monitor_tells_of_what_the_others_missed() -> None:
    two, three = (gates.judge(107, "uneasy", gates.with_monitors(TERMS, count)) for count in (2, 3))
    assert two.truly == three.truly
    assert two.days_held < three.days_held == three.days
    assert gates.with_monitors(TERMS, 2) == TERMS
    assert [source.id for source in gates.with_monitors(TERMS, 4).sources[-2:]] == ["mission-3", "mission-4"]


def test_weights_are_learned_without_labels_and_enter_a_copy_of_the_terms(tmp_path: Path) -> None:
    reports, out = tmp_path / "reports.jsonl", tmp_path / "learned.toml"
    reports.write_bytes(b"".join(telling.value + b"\n" for telling in told(7, TERMS, days=4)[1]))
    command = ["learn", "--terms", str(TERMS_FILE), "--format", "reports", "--out", str(out), str(reports)]
    done = CliRunner().invoke(match, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    learned = load(out)
    place, time = learned.match.weights["place"], learned.match.weights["time"]
    assert place["same_point"] > place["close"] > place["near"]
    assert time["same_hour"] > 0 > time["within_the_window"]
    assert learned.match.weights["text"]["near_identical"] > 2
    assert "# a day that may have been violent does not count" in out.read_text()  # everything else stays as it was written


def test_too_few_reports_teach_nothing(tmp_path: Path) -> None:
    reports = tmp_path / "reports.jsonl"
    reports.write_bytes(b"".join(telling.value + b"\n" for telling in told(7, TERMS, days=4)[1][:5]))
    done = CliRunner().invoke(match, ["learn", "--terms", str(TERMS_FILE), "--format", "reports", str(reports)])
    assert done.exit_code == 1
    assert "too few to learn from" in done.output


def test_what_nobody_told_is_no_error_of_the_gate() -> None:
    """Day 9, 7 and none: when it truly qualified, when it did by all that was told, when it opened."""
    opened = gates.Verdict(0, "calm", truly=9, truly_told=7, found=7, causes=Counter(), days_held=0, days=0)
    assert (opened.false_open, opened.untold) == (True, True)
    assert opened._replace(found=6).false_open and not opened._replace(found=6).untold
    assert opened._replace(truly=None, truly_told=None).false_open and not opened._replace(truly=None, truly_told=None).untold
    assert not opened._replace(found=9).false_open and not opened._replace(found=None).untold
