"""Truces that share a partition of the log: what is wrong with one, or with a record, takes no other along."""

from collections.abc import Callable

import msgspec
import pytest
from core.builders import TERMS, TOPIC, Readers, restored, tick

from schemas.facts import Day, Dismissal, LocatedReport, Origin, Rejected, TermsRecord
from schemas.topics import DAYS, REJECTED
from streams.core.monitor import Monitor
from streams.core.partition import LogPartition, TruceFault
from streams.core.terms import DAY, parse

QUIET_S = TERMS.d_hour_s + 3 * DAY
"""Some days are settled by then."""


def _terms(truce: str, **changes: object) -> bytes:
    values = TERMS.as_mapping() | changes
    values["truce"] = values["truce"] | {"id": truce}
    record = TermsRecord(truce, "hash", values, TERMS.horizon_start_s)
    return msgspec.json.encode(record)


def _log(truce: str = "laws") -> list[bytes]:
    """Terms, and a calm and watched week."""
    records = [_terms(truce)]
    for hours in range(-6, 7 * 24, 6):
        at_s = TERMS.d_hour_s + hours * 3_600
        body = {"report_id": f"a{hours}", "source": "watcher", "type": "alive"}
        raw = msgspec.Raw(msgspec.json.encode(body))
        records.append(msgspec.json.encode(LocatedReport(truce, at_s - 1, Origin(TOPIC, 0, len(records)), raw)))
        records.append(tick(at_s, len(records)))
    return records


def _fed(records: list[bytes], keys: dict[int, bytes] | None = None) -> tuple[Readers, LogPartition, list[Rejected]]:
    partition, readers, rejected = LogPartition(0), Readers(), []
    for offset, record in enumerate(records):
        partition.apply(offset, record, (keys or {}).get(offset))
        facts = partition.flush()
        readers.see(facts)
        rejected += [msgspec.json.decode(fact.value, type=Rejected) for fact in facts if fact.topic == REJECTED]
    return readers, partition, rejected


def _outcomes(readers: Readers, truce: str) -> list[str]:
    days = readers.bodies(DAYS, Day).values()
    return [
        day.outcome for day in sorted(days, key=lambda d: d.day) if (day.truce, day.zone) == (truce, "all") and 0 <= day.day < 5
    ]


QUIET = ["quiet"] * 5
UNKNOWN = ["unknown"] * 5
ALL_MARKED = {"here": UNKNOWN, "there": UNKNOWN}

DEEP = b'{"record":"terms","truce":"here","hash":"","effective_from":0,"terms":' + b"[" * 100_000

GARBAGE = [
    # bytes that are no record              key          what the days of two truces come to
    (b"", b"", ALL_MARKED),
    (b"garbage", b"nobody", ALL_MARKED),
    (b"\xff\xfe", None, ALL_MARKED),
    (b'{"record":"report"}', b"\xff", ALL_MARKED),
    (b'{"record":"elephant","truce":"here"}', b"here", {"here": UNKNOWN, "there": QUIET}),
    (DEEP, b"there", {"here": QUIET, "there": UNKNOWN}),
]


@pytest.mark.parametrize(("value", "key", "outcomes"), GARBAGE)
def test_bytes_that_nobody_can_read_are_refused_and_mark_whom_they_may_concern(
    value: bytes, key: bytes | None, outcomes: dict[str, list[str]]
) -> None:
    both = _both()
    log = [*both[:20], value, *both[20:]]
    readers, partition, [rejected] = _fed(log, {20: key} if key is not None else {})
    assert (rejected.reason, rejected.original, str(rejected.origin)) == ("internal_error", value, "truce.located/0/20")
    assert {truce: _outcomes(readers, truce) for truce in outcomes} == outcomes
    assert partition.halted == {}


def _both() -> list[bytes]:
    """Two truces, in the same log and time."""
    here, there = _log("here"), _log("there")
    return [here[0], there[0]] + [record for pair in zip(here[1::2], there[1::2], here[2::2], strict=True) for record in pair]


def test_an_operator_dismisses_the_marker_of_a_record_that_nobody_could_read() -> None:
    log = [*_log(), b"garbage"]
    at = len(log) - 1
    log += [msgspec.json.encode(Dismissal("laws", f"truce.located/0/{at}"))]
    log += [tick(TERMS.d_hour_s + hours * 3_600, at) for hours in range(170, 184, 6)]
    readers, _, _ = _fed(log)
    assert _outcomes(readers, "laws") == QUIET


def test_terms_that_cannot_be_used_are_refused_and_the_truce_keeps_those_it_has() -> None:
    log = _both()
    bad = _terms("here", opposed=["north", "north"])
    readers, partition, [rejected] = _fed([*log[:50], bad, *log[50:]])
    assert (rejected.reason, rejected.truce, rejected.original) == ("wrong_type", "here", bad)
    assert rejected.detail.startswith("terms: opposed: name two sides")
    assert partition.monitors["here"].terms == parse(msgspec.json.decode(log[0], type=TermsRecord).terms)
    # From then on whoever routes reports may have no terms to do it by: that is no peace.
    assert _outcomes(readers, "here") == ["quiet", "quiet", "quiet", "unknown", "unknown"]
    assert _outcomes(readers, "there") == QUIET


def test_usable_terms_put_right_what_unusable_ones_have_done() -> None:
    log = _both()
    readers, _, _ = _fed([*log[:50], _terms("here", opposed=["north", "north"]), _terms("here"), *log[50:]])
    assert _outcomes(readers, "here") == QUIET


BAD_POLYGONS = [{"id": "east", "name": "East", "polygons": {"type": "Polygon", "coordinates": [[[1, 2]]]}, "gated": True}]


@pytest.mark.parametrize("changes", [{"opposed": []}, {"zones": BAD_POLYGONS}, {"gate": {"days": "seven"}}, {"limits": None}])
def test_a_truce_without_usable_terms_stands_still_and_says_so_until_it_has_some(changes: dict) -> None:
    log = _log("there")
    _, partition, rejected = _fed([*log, _terms("here", **changes)])
    assert len(rejected) == 1
    assert partition.halted["here"].startswith("its terms cannot be used: ")
    partition.apply(partition.next_offset, _terms("here"))
    assert partition.halted == {}


def test_terms_in_the_name_of_another_truce_are_refused() -> None:
    record = msgspec.json.decode(_terms("here"), type=TermsRecord)
    foreign = msgspec.json.encode(msgspec.structs.replace(record, truce="there"))
    _, _, [rejected] = _fed([foreign])
    assert rejected.detail == "terms: truce.id: 'here', in a record of 'there'"


def test_a_truce_that_raises_on_a_tick_is_halted_and_its_neighbour_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, "_tick", lambda monitor, tick, offset: monitor.truce == "here" and tick.at > QUIET_S)
    readers, partition, _ = _fed(_both())
    assert [seen.truce for seen in partition.vitals()] == ["there"]
    assert list(partition.halted) == ["here"]
    # Where it was raised, and never what it says: that may hold the words of a report.
    assert partition.halted["here"].startswith("RuntimeError at test_neighbours.py:")
    assert "as the test asked" not in partition.halted["here"]
    assert _outcomes(readers, "there") == QUIET
    assert _outcomes(readers, "here")[-1] == "pending" or len(_outcomes(readers, "here")) < 5


def test_what_is_halted_is_halted_again_after_a_restart_and_goes_on_once_it_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    log = _both()
    straight, _, _ = _fed(log)
    with monkeypatch.context() as broken:
        _break(broken, "_tick", lambda monitor, tick, offset: monitor.truce == "here" and tick.at > QUIET_S)
        readers, partition, _ = _fed(log[:-12])
        position = partition.position()
        again = restored(log, {position.key: position.value or b""})
        assert again.halted == partition.halted
        assert again.position() == position
        for offset in range(again.next_offset, len(log) - 6):
            again.apply(offset, log[offset])
            readers.see(again.flush())
        position = again.position()
    mended = restored(log, {position.key: position.value or b""})
    assert mended.halted == {}
    readers.see(mended.flush())
    for offset in range(mended.next_offset, len(log)):
        mended.apply(offset, log[offset])
        readers.see(mended.flush())
    assert sorted(readers.phases) == sorted(straight.phases)
    assert readers.values == straight.values


def test_changes_that_came_due_while_a_truce_was_halted_are_announced_once_it_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log gives more than was announced, and that is no reason not to start."""
    log = _both()
    straight, _, _ = _fed(log)
    with monkeypatch.context() as broken:
        _break(broken, "_tick", lambda monitor, tick, offset: monitor.truce == "here" and tick.at > TERMS.d_hour_s + DAY)
        readers, partition, _ = _fed(log)
        position = partition.position()
    assert len(readers.phases) < len(straight.phases)
    mended = restored(log, {position.key: position.value or b""})
    readers.see(mended.flush())
    assert sorted(readers.phases) == sorted(straight.phases)
    assert readers.values == straight.values


def test_a_truce_that_raises_when_asked_what_changed_is_halted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    log = _both()
    flush = Monitor.flush

    def broken(monitor: Monitor, publishing: bool = True):
        if monitor.truce == "here" and (monitor.now_s or 0) > QUIET_S and monitor.fault is None:
            raise RuntimeError("as the test asked")
        return flush(monitor, publishing)

    monkeypatch.setattr(Monitor, "flush", broken)
    partition, readers = LogPartition(0), Readers()
    for offset, record in enumerate(log):
        try:
            partition.apply(offset, record)
            readers.see(partition.flush())
        except TruceFault as fault:
            # As the shell does: the state is rebuilt up to before the record, which is then handed in to be refused.
            partition = LogPartition(0)
            for before in range(offset):
                partition.apply(before, log[before])
            partition.flush()
            facts, markers = partition.refuse(offset, record, fault)
            readers.see(facts)
            assert markers == []
    assert partition.halted["here"].startswith("RuntimeError at test_neighbours.py:")
    assert _outcomes(readers, "there") == QUIET


def test_a_report_that_raises_is_refused_with_a_marker_and_nothing_is_halted(monkeypatch: pytest.MonkeyPatch) -> None:
    partition = LogPartition(0)
    for offset, record in enumerate(_log()):
        partition.apply(offset, record)
    partition.flush()
    # Nothing that the intake lets pass: a violation without any time.
    told = LocatedReport("laws", 0, Origin(TOPIC, 3, 7), msgspec.Raw(b'{"report_id":"1","source":"council","type":"violation"}'))
    value = msgspec.json.encode(told)
    facts, [marker] = partition.refuse(partition.next_offset, value, ValueError("a bug"))
    [rejected] = [msgspec.json.decode(fact.value, type=Rejected) for fact in facts if fact.topic == REJECTED]
    assert (rejected.reason, str(rejected.origin)) == ("internal_error", f"{TOPIC}/3/7")
    assert dict(rejected.original_headers) == {"truce-received-at": b"0"}
    partition.apply(partition.next_offset, marker)
    partition.apply(partition.next_offset, tick(TERMS.d_hour_s + 8 * DAY, 0))
    readers = Readers()
    readers.see(partition.flush())
    assert _outcomes(readers, "laws") == UNKNOWN
    assert partition.halted == {}


def test_reports_of_a_truce_that_nobody_knows_wait_for_its_terms_and_hold_nobody_up() -> None:
    log, stray = _both(), _log("unheard-of")[1]
    straight, _, _ = _fed(log)
    readers, partition, rejected = _fed([*log[:10], stray, *log[10:]])
    assert readers.values == straight.values
    assert rejected == []
    assert partition.monitors["unheard-of"].sizes() == {"early_reports": (1, 1_000)}


def _break(monkeypatch: pytest.MonkeyPatch, name: str, when: Callable[..., bool]) -> None:
    """Make a method of the monitor raise, where it is to."""
    method = getattr(Monitor, name)

    def broken(monitor: Monitor, *arguments: object):
        if when(monitor, *arguments):
            raise RuntimeError("as the test asked")
        return method(monitor, *arguments)

    monkeypatch.setattr(Monitor, name, broken)
