"""`truce publish`, against a real Kafka: order, ticks, pace, and what it refuses."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from adapters.reading import SAMPLES
from commanding import Command, MakeTopic, TermsFile, a_file, a_report, values_of

from streams.adapters import Arrival, arrivals_of, load_mapping
from streams.core.clock import settled_at, tick_times
from streams.core.terms import load
from streams.settings import Settings


def test_on_a_simulated_topic_each_tick_comes_after_every_report_before_its_time(
    truce: Command,
    settings: Settings,
    terms_file: TermsFile,
    report_topic: MakeTopic,
    tmp_path: Path,
):
    topic = report_topic(partitions=3)
    terms = load(terms_file(topic=topic))
    truce("terms", "publish", tmp_path / f"{terms.truce.id}.toml")
    hours = [f"2016-09-{12 + n // 24}T{n % 24:02}:{n * 7 % 60:02}:00Z" for n in range(16, 60)]
    reports = [a_report(n, at, f"Desk {n % 7}") for n, at in enumerate(hours)]
    done = truce("publish", a_file(tmp_path / "r", reports), "--format", "reports", "--topic", topic, "--json")
    assert done.exit_code == 0, done.output
    partitions = [[record for record in values_of(settings, topic) if record.partition == n] for n in range(3)]
    ticks = [[told_at(record) for record in records if is_tick(record)] for records in partitions]
    received = sorted(told_at(record) for records in partitions for record in records if not is_tick(record))
    assert len(received) == len(reports)
    expected = list(tick_times(received[0], settled_at(received[-1], [terms]), [terms]))
    assert ticks == [expected] * 3
    assert expected[-1] == settled_at(received[-1], [terms])
    for records in partitions:
        now = latest = 0
        for record in records:
            assert told_at(record) >= now
            assert not is_tick(record) or told_at(record) > latest, "a report of that very time comes after the tick"
            assert record.timestamp == told_at(record) * 1_000
            if is_tick(record):
                now = told_at(record)
            else:
                latest = told_at(record)
    assert json.loads(done.output) == {"reports": len(reports), "ticks": len(expected), "unreadable": 0}


def test_the_reports_of_a_source_keep_their_order(truce: Command, settings: Settings, report_topic: MakeTopic, tmp_path: Path):
    topic = report_topic("reports.field", partitions=3)
    reports = [a_report(n, "2016-09-13T10:00:00Z", f"Desk {n % 5}") for n in range(50)]
    arguments = ("--format", "reports", "--topic", topic, "--as-fast")
    assert truce("publish", a_file(tmp_path / "r", reports), *arguments).exit_code == 0
    seen: dict[str, list[tuple[int, int]]] = {}
    for record in values_of(settings, topic):
        report = json.loads(record.value)
        seen.setdefault(report["source"], []).append((record.partition, int(report["report_id"][1:])))
    assert len(seen) == 5
    for places in seen.values():
        assert len({partition for partition, _ in places}) == 1
        assert places == sorted(places)
    assert len({places[0][0] for places in seen.values()}) > 1
    assert not any(is_tick(record) for record in values_of(settings, topic))


def test_what_is_waited_for_is_said_and_how_not_to(truce: Command, report_topic: MakeTopic, tmp_path: Path):
    topic = report_topic("reports.field", partitions=1)
    reports = [a_report(0, "2016-09-12T16:00:00Z"), a_report(1, "2016-09-12T16:00:04Z")]
    done = truce("publish", a_file(tmp_path / "r", reports), "--format", "reports", "--topic", topic)
    assert done.exit_code == 0, done.output
    assert "… 1 report, up to 2016-09-12 16:00Z; the next one is of 2016-09-12 16:00:04Z (--as-fast does not wait" in done.output


def test_on_a_live_topic_reports_come_at_the_speed_asked_for(truce: Command, report_topic: MakeTopic, tmp_path: Path):
    topic = report_topic("reports.field", partitions=1)
    reports = [a_report(n, f"2016-09-13T10:00:{n:02}Z") for n in (0, 10, 20)]
    begun = time.monotonic()
    done = truce("publish", a_file(tmp_path / "r", reports), "--format", "reports", "--topic", topic, "--speed", "20")
    assert done.exit_code == 0
    assert 1.0 <= time.monotonic() - begun < 3.0


def test_rows_that_are_no_reports_are_told_and_counted(
    truce: Command, settings: Settings, report_topic: MakeTopic, tmp_path: Path
):
    topic = report_topic("reports.field", partitions=1)
    reports = [a_report(1, "2016-09-13T10:00:00Z"), a_report(2, "2016-09-13T10:00:01Z", text="x" * 1_100_000)]
    done = truce("publish", a_file(tmp_path / "r", reports), "--format", "reports", "--topic", topic, "--as-fast")
    assert done.exit_code == 1
    assert "r:2: not a report: larger than a message may be" in done.output
    assert "1 report, 1 row that cannot be read" in done.output
    assert len(values_of(settings, topic)) == 1


def test_a_feed_without_a_report_still_tells_the_first_day(
    truce: Command,
    settings: Settings,
    terms_file: TermsFile,
    report_topic: MakeTopic,
    tmp_path: Path,
):
    topic = report_topic(partitions=1)
    file = terms_file(topic=topic)
    empty = a_file(tmp_path / "r", [])
    assert truce("publish", empty, "--format", "reports", "--topic", topic, "--terms", file).exit_code == 0
    told = [told_at(record) for record in values_of(settings, topic)]
    d_hour_s = load(file).d_hour_s
    assert told[-1] == settled_at(d_hour_s, [load(file)])
    assert d_hour_s in told


@pytest.mark.parametrize(
    ("topic", "options", "told"),
    [
        ("reports.nowhere", (), "there is no report topic reports.nowhere; `truce topics --create --reports"),
        ("truce.located", (), "'truce.located' is no topic for reports"),
        ("reports.field", ("--simulated",), "reports.field is a live topic"),
        ("reports.field", ("--speed", "2", "--as-fast"), "not both"),
    ],
)
def test_where_nothing_can_be_published_a_line_says_so(
    truce: Command, tmp_path: Path, topic: str, options: tuple[str, ...], told: str
):
    done = truce("publish", a_file(tmp_path / "r", []), "--format", "reports", "--topic", topic, *options)
    assert done.exit_code != 0
    assert told in done.output


def test_a_simulated_topic_that_no_truce_takes_is_refused(truce: Command, report_topic: MakeTopic, tmp_path: Path):
    topic = report_topic()
    done = truce("publish", a_file(tmp_path / "r", []), "--format", "reports", "--topic", topic)
    assert done.exit_code == 1
    assert f"no truce takes {topic}" in done.output


def test_a_topic_that_would_lose_its_messages_is_refused(
    truce: Command, make_topic: MakeTopic, fresh: Callable[[str], str], tmp_path: Path
):
    topic = make_topic(fresh("reports.simulated.wrong"))
    done = truce("publish", a_file(tmp_path / "r", []), "--format", "reports", "--topic", topic)
    assert done.exit_code == 1
    assert "retention.ms is 604800000, not -1" in done.output
    assert truce("topics", "--mend").exit_code == 0


def is_tick(record: Any) -> bool:
    return record.value.startswith(b'{"tick"')


def told_at(record: Any) -> int:
    """The time of a tick, or the time of receipt of a report, in seconds since 1970."""
    if is_tick(record):
        return int(msgspec.convert(json.loads(record.value)["tick"], datetime).timestamp())
    return int(dict(record.headers)["truce-received-at"])


@pytest.mark.parametrize(
    ("sample", "format", "mapping"),
    [
        ("acled.csv", "acled", None),
        ("acled.json", "acled", None),
        ("ucdp.csv", "ucdp", None),
        ("events.geojson", "geojson", None),
        ("hxl.csv", "hxl", None),
        ("kobo.json", "kobo", None),
        ("odk.json", "kobo", None),
        ("ushahidi.csv", "ushahidi", None),
        ("log.csv", "csv", "log.toml"),
    ],
)
def test_every_format_comes_to_the_topic_as_it_is_read(
    truce: Command, settings: Settings, report_topic: MakeTopic, sample: str, format: str, mapping: str | None
):
    topic = report_topic("reports.field", partitions=1)
    rows = list(arrivals_of([SAMPLES / sample], format, mapping=load_mapping(SAMPLES / mapping) if mapping else None))
    wanted = [row.value for row in rows if isinstance(row, Arrival)]
    options = () if mapping is None else ("--map", SAMPLES / mapping)
    done = truce("publish", SAMPLES / sample, "--format", format, *options, "--topic", topic, "--as-fast", "--json")
    assert json.loads(done.output.splitlines()[-1]) == {"reports": len(wanted), "ticks": 0, "unreadable": len(rows) - len(wanted)}
    assert [record.value for record in values_of(settings, topic)] == wanted
    assert wanted
