"""A base: what of a truce can no longer change, so that a restart need not read the log from its beginning.

State = base + the log from the first offset that still matters. A base holds everything but the reports; those are read
again. It is taken at a tick, when a day closes for good, and is cut into parts that fit a message.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from schemas.reasons import ChangeKind, ChangeReason, Condition, Phase
from streams.core.access import Statement
from streams.core.chain import Chain, Issued
from streams.core.gate import Declaration, End, Wanted
from streams.core.measure import ZoneMeasure
from streams.core.settlement import DayView, SettledDay, StandingEnd
from streams.core.sums import packed, unpack

if TYPE_CHECKING:
    from streams.core.monitor import Monitor
    from streams.core.picture import Picture

FORMAT = 5
PART_BYTES = 400_000


class NewerCheckpoint(ValueError):
    """Written by a version that is newer than this one."""


class Part(msgspec.Struct, frozen=True):
    """One part of a base. `at`: the offset of the tick at which it was taken, which all parts share."""

    format: int
    at: int
    part: int
    parts: int
    text: str


def take_due(monitor: "Monitor") -> list[tuple[str, bytes]]:
    """Keys and values of the parts of a base, where one is due."""
    if monitor.basis.due is None:
        return []
    (at, kept), monitor.basis.due = monitor.basis.due, None
    text = kept.decode()
    pieces = [text[start : start + PART_BYTES // 4] for start in range(0, len(text), PART_BYTES // 4)]
    return [
        (f"base/{monitor.truce}/{number}", msgspec.json.encode(Part(FORMAT, at, number, len(pieces), piece)))
        for number, piece in enumerate(pieces)
    ]


def restore_all(checkpoints: Mapping[str, bytes]) -> dict[str, tuple["Monitor", int]]:
    """By truce: its monitor without reports, and the offset from which it reads. Raises `NewerCheckpoint`.

    A base of an older format is passed over: the state comes from the log then, from its beginning.
    """
    from streams.core.monitor import Monitor

    parts: dict[str, dict[int, Part]] = {}
    for key, value in checkpoints.items():
        if key.startswith("base/"):
            _, truce, _ = key.split("/")
            part = msgspec.json.decode(value, type=Part)
            if part.format > FORMAT:
                raise NewerCheckpoint(
                    f"checkpoint {key} has format {part.format} and this version reads {FORMAT}: a newer version wrote it; "
                    "start that one again"
                )
            if part.format < FORMAT:
                continue  # not read any more: the log is read from its beginning, where it is still there
            parts.setdefault(truce, {})[part.part] = part
    found: dict[str, tuple[Monitor, int]] = {}
    for truce, by_number in parts.items():
        first = by_number[0]
        pieces = [by_number[number] for number in range(first.parts)]
        assert all(piece.at == first.at for piece in pieces), f"the parts of the base of {truce} are of different ticks"
        kept = orjson.loads("".join(piece.text for piece in pieces))
        found[truce] = Monitor.restore(truce, kept, first.at), kept["first_offset"]
    return found


def of_day(settled: SettledDay) -> list[Any]:
    view = settled.view
    return [
        sorted(view.failed),
        view.limit,
        view.watched,
        view.heard,
        view.access,
        {condition.value: since for condition, since in sorted(settled.lingering.items())},
    ]


def to_day(kept: list[Any]) -> SettledDay:
    failed, limit, watched, heard, access, lingering = kept
    view = DayView(frozenset(Condition(c) for c in failed), limit, watched, heard, access)
    return SettledDay(view, {Condition(c): since for c, since in lingering.items()})


def of_chain(chain: Chain) -> dict[str, Any]:
    standing = [[i.id, *i.wanted[:-1], i.wanted.days.start, i.wanted.days.stop] for i in chain.standing]
    return {"head": chain.head, "sequence": chain.sequence, "standing": standing}


def to_chain(kept: dict[str, Any], chain: Chain) -> None:
    """Into a chain that is empty."""
    chain.head, chain.sequence = kept["head"], kept["sequence"]
    for change_id, kind, zone, before, after, at, reason, detail, start, stop in kept["standing"]:
        wanted = Wanted(ChangeKind(kind), zone, Phase(before), Phase(after), at, ChangeReason(reason), detail, range(start, stop))
        chain.standing.append(Issued(change_id, wanted))


def of_end(standing: StandingEnd) -> list[Any]:
    return [_plain(standing.end), _plain(standing.better), standing.since]


def to_end(kept: list[Any]) -> StandingEnd:
    standing = StandingEnd()
    standing.end, standing.better, standing.since = _end(kept[0]), _end(kept[1]), kept[2]
    return standing


def _plain(end: End | None) -> list[Any] | None:
    return None if end is None else list(end)


def _end(kept: list[Any] | None) -> End | None:
    return None if kept is None else End(kept[0], ChangeReason(kept[1]), kept[2])


def of_picture(picture: "Picture", open_day: int) -> dict[str, Any]:
    """Terms, words that hold until they are taken back, and the sums of closed days."""
    return {
        "terms": picture.terms.as_mapping(),
        "declarations": sorted([*key, list(declaration)] for key, declaration in picture.declarations.items()),
        "statements": sorted([*key, area, list(statement)] for key, area, statement in picture.access.statements()),
        "days": {
            zone: [[day, unpack(measure.day(day))] for day in sorted(measure.days) if day < open_day]
            for zone, measure in picture.measure.zones.items()
        },
        "weeks": {zone: _of_weeks(measure, open_day) for zone, measure in picture.measure.zones.items()},
        "open_day": open_day,
    }


def to_picture(picture: "Picture", kept: dict[str, Any]) -> None:
    """Into a picture whose live reports are in already."""
    for source, report_id, declaration in kept["declarations"]:
        picture.declare((source, report_id), Declaration(*declaration))
    for source, report_id, area, statement in kept["statements"]:
        key = source, report_id
        if key not in picture.access:
            picture.access.add(key, area, Statement(*statement))
            picture.access.close(key)
    for zone, days in kept["days"].items():
        picture.measure.zones[zone].days.update({day: packed(sums) for day, sums in days})
    for zone, weeks in kept["weeks"].items():
        _to_weeks(picture.measure.zones[zone], weeks, kept["open_day"])


def _of_weeks(measure: ZoneMeasure, open_day: int) -> dict[str, Any]:
    closed, sums = measure.week_before
    return {
        "changes": [[day, unpack(measure.week_changes[day])] for day in sorted(measure.week_changes) if day < open_day],
        "closed": [[day, unpack(measure.closed_weeks[day])] for day in sorted(measure.closed_weeks)],
        "before": [closed, unpack(sums)],
    }


def _to_weeks(measure: ZoneMeasure, kept: dict[str, Any], open_day: int) -> None:
    """What reports that are read again say of weeks that cannot change is in there already."""
    changes = {day: sums for day, sums in measure.week_changes.items() if day >= open_day}
    changes = {day: packed(sums) for day, sums in kept["changes"]} | changes
    closed, sums = kept["before"]
    measure.restore_weeks(changes, {day: packed(sums) for day, sums in kept["closed"]}, (closed, packed(sums)))


__all__ = [
    "NewerCheckpoint",
    "of_chain",
    "of_day",
    "of_end",
    "of_picture",
    "restore_all",
    "take_due",
    "to_chain",
    "to_day",
    "to_end",
    "to_picture",
]
