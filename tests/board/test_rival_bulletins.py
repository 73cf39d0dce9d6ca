"""Two monitors count the same day and come to other numbers: levels, board and report show both, and how far they differ.

The numbers of the second story are those that were published, read from the shared data where that is at hand.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from board.world import public

from schemas.facts import Bulletin, Day, Fact, Level
from schemas.topics import DAYS, LEVELS
from streams.board import page
from streams.board.report import write
from streams.board.view import View
from streams.core.intake import Arrival
from streams.core.public_terms import pseudonym
from streams.core.replay import Replay
from streams.core.terms import DAY, HOUR, Terms, parse

SHARED = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
PROVINCES = {"Aleppo": "SY.09", "Hama": "SY.10", "Damascus": "SY.08", "Latakia": "SY.02"}

Counts = Mapping[str, Mapping[str, int]]
"""By source and province."""

OURS: Counts = {"north-post": {"Aleppo": 8, "Hama": 4}, "south-post": {"Aleppo": 8, "Hama": 1}}


def terms(d_hour: datetime) -> Terms:
    zones = [{"id": name.lower(), "name": name, "areas": [code]} for name, code in PROVINCES.items()]
    return parse(
        {
            "truce": {"id": "rivals", "name": "Rivals", "countries": ["SY"], "d_hour": d_hour.isoformat(), "salt": "of a test"}
            | {"time_zone": "UTC", "simulated": True, "topics": ["reports.simulated.rivals"]},
            "opposed": ["north", "south"],
            "gate": {"settle_hours": 6},
            "whole": {"threshold": {"mode": "at_most", "metric": "incidents", "value": 20}},
            "zones": zones,
            "sources": [{"id": "north-post", "side": "north"}, {"id": "south-post", "side": "south"}],
        }
    )


def bulletins(start_s: int, counts: Counts, hours: int = 24) -> Iterator[Arrival]:
    """Each source counts the same hours; the violations that it lists are a few, and none of them the other's."""
    ends_s = start_s + hours * HOUR
    for source, by_province in counts.items():
        for province, count in by_province.items():
            period = {"from": stated(start_s), "to": stated(ends_s)}
            tally = {"report_id": f"{source}/{province}/{start_s}", "source": source, "type": "tally", "count": count}
            tally |= {"period": period, "covers": {"zone": province.lower()}}
            yield Arrival(ends_s + HOUR, msgspec.json.encode(tally), "a test")
    # Somebody must speak after it, for time to go on.
    last = {"report_id": f"later/{start_s}", "source": "north-post", "type": "alive"}
    yield Arrival(ends_s + 2 * DAY, msgspec.json.encode(last), "a test")


def stated(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def told(d_hour: datetime, counts: Counts) -> tuple[Terms, tuple[Fact, ...]]:
    truce = terms(d_hour)
    return truce, tuple(Replay([truce]).facts(bulletins(truce.d_hour_s, counts)))


def level_of(facts: tuple[Fact, ...], zone: str) -> Level:
    return next(
        msgspec.json.decode(f.value, type=Level) for f in reversed(facts) if (f.topic, f.key) == (LEVELS, f"rivals/{zone}")
    )


def test_levels_carry_what_each_counted_under_its_pseudonym() -> None:
    truce, facts = told(datetime(2017, 1, 5, tzinfo=UTC), OURS)
    week = level_of(facts, "hama").disagreement
    names = {pseudonym(source, truce.truce.salt): by["Hama"] for source, by in OURS.items()}
    assert {bulletin.by: bulletin.count for bulletin in week.bulletins} == names
    assert week.bulletin_count == 2
    assert {b.ends - b.starts for b in week.bulletins} == {DAY}


def test_the_board_and_the_report_show_rivals_side_by_side(tmp_path: Path) -> None:
    _, facts = told(datetime(2017, 1, 5, tzinfo=UTC), OURS)
    view = View()
    for message in public(facts):
        view.take(*message)
    (written, *_) = write(view, tmp_path, "en")
    for drawn in (page.part(view.truces["rivals"], "disagreement", "en", {}, 0), written.read_text("utf-8")):
        assert "counts 4</bdi>" in drawn and "counts 1</bdi>" in drawn
        assert "they differ by at least 75 %" in drawn
        # Equal totals are no proof that they tell of the same.
        assert "they differ by at least 0 %" in drawn
    assert "Counts stated by bulletins: 1, 4" in written.read_text("utf-8")


@pytest.mark.parametrize("hours_off", [0, 5, 11, -11])
def test_a_bulletin_belongs_to_the_day_that_holds_its_middle(hours_off: int) -> None:
    """Bulletins go by their own days and not by D-hour."""
    truce = terms(datetime(2017, 1, 5, tzinfo=UTC))
    arrivals = bulletins(truce.d_hour_s + 2 * DAY + hours_off * HOUR, OURS)
    days = [msgspec.json.decode(f.value, type=Day) for f in Replay([truce]).facts(arrivals) if f.topic == DAYS]
    last = {day.day: day.tallied for day in days if day.zone == "hama"}
    assert {number: tallied for number, tallied in last.items() if tallied} == {2: [1, 4]}


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the published counts of rival bulletins in {SHARED}")
def test_rival_bulletins_as_they_were_published_are_shown_as_published() -> None:
    rows = json.loads((SHARED / "published_truce_figures.json").read_text())["counts"]
    rivals: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        if row["by_province"] and row["window_hours"] == 24:
            rivals[row["period_end"]].append(row)
    days = {end: found for end, found in rivals.items() if len(found) == 2}
    assert len(days) >= 3
    for end, (one, other) in days.items():
        counts = {
            name: {province: row["by_province"].get(province, 0) for province in PROVINCES}
            for name, row in (("north-post", one), ("south-post", other))
        }
        truce, facts = told(datetime.fromisoformat(end).replace(tzinfo=UTC), counts)
        for province in PROVINCES:
            week = level_of(facts, province.lower()).disagreement
            expected = {pseudonym(source, truce.truce.salt): by[province] for source, by in counts.items()}
            assert {b.by: b.count for b in week.bulletins} == expected
            assert all(isinstance(b, Bulletin) for b in week.bulletins)
