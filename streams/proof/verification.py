"""Compare what was announced with what follows from the log, and say in words what was checked and what does not hold."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, PUBLIC_TERMS
from schemas.verifier import Verifier
from streams.commands.times import utc
from streams.core.monitor import RULES
from streams.proof.recomputing import Recomputed, recompute
from streams.proof.sources import Announced, Source
from streams.signing import Checker
from streams.words import several

NAMES = {DAYS: "days", LEVELS: "levels", INCIDENTS: "incidents", EVIDENCE: "evidence", PUBLIC_TERMS: "terms"}
TOLD_MAX = 20
"""Differences of one kind that are told one by one; the others are counted."""


class Verification:
    """`checked`: what was looked at and held, in words. `faults`: what does not hold, each naming the decision."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.notes: list[str] = []
        self.faults: list[str] = []
        self.counts: dict[str, int] = {}

    @property
    def holds(self) -> bool:
        return not self.faults


def verify(source: Source, checker: Checker | None, watch: Any = lambda records: None) -> Verification:
    """The whole: signatures, the chain and the gate by the separate verifier, and everything from the log, byte for byte."""
    found = Verification()
    found.faults += source.faults
    changes = list(source.changes())
    _signatures(found, changes, checker)
    _second_opinion(found, source, changes)
    if source.has_log:
        recomputed = recompute(source, watch)
        found.counts["records"] = recomputed.records
        found.checked.append(f"{recomputed.records:,} records of the log were read and decided on once more")
        found.notes += recomputed.notes
        found.faults += recomputed.faults
        _changes(found, changes, recomputed, getattr(source, "positions", {}))
        _values(found, source, recomputed)
    else:
        found.notes.append(
            "without the log: whether the numbers of the days are right was not looked into; one that was altered, and with "
            "which every outcome stays the same, goes unnoticed"
        )
    # What makes reading fail is noticed while it goes on.
    found.faults += [fault for fault in source.faults if fault not in found.faults]
    return found


def _signatures(found: Verification, changes: list[Announced], checker: Checker | None) -> None:
    signed = sum(change.signature is not None for change in changes)
    if checker is None:
        told = f"{signed} changes carry a signature; give --key to have them checked" if signed else "no change is signed"
        found.notes.append(told)
        return
    for change in changes:
        if change.signature is None:
            found.faults.append(f"{_named(change.value, change.where)} carries no signature")
        elif not checker.holds(change.value, change.signature):
            found.faults.append(f"{_named(change.value, change.where)}: its signature is not by this key, or of other bytes")
    found.counts["signatures"] = signed
    found.checked.append(f"{several(signed, 'signature')} checked with the public key")


def _second_opinion(found: Verification, source: Source, changes: list[Announced]) -> None:
    """The separate verifier, which knows only what is public."""
    values = (source.latest(topic).values() for topic in (DAYS, LEVELS, PUBLIC_TERMS))
    verifier = Verifier([change.value for change in changes], *values)
    verifier.check()
    found.faults += verifier.faults
    found.counts |= verifier.counts
    found.checked.append(
        f"the chain of {several(verifier.counts['changes'], 'change')} of phase: each bound to the one before it"
    )
    found.checked.append(
        f"{several(verifier.counts['days'], 'settled day')} and {several(verifier.counts['levels'], 'level')} by a second "
        "program: outcomes, runs and phases follow from the numbers"
    )


def _changes(found: Verification, announced: list[Announced], recomputed: Recomputed, positions: dict[int, Any]) -> None:
    """Change for change, byte for byte, of each truce."""
    by_truce: dict[str, list[Announced]] = {}
    for change in announced:
        body = _read(change.value)
        by_truce.setdefault(str(body.get("truce")) if body else "?", []).append(change)
    same = 0
    for truce in sorted(by_truce.keys() | recomputed.changes.keys()):
        theirs, ours = by_truce.get(truce, []), recomputed.changes.get(truce, [])
        begins = recomputed.begins.get(truce, 0)
        if begins:
            found.notes.append(f"{truce}: its first {several(begins, 'change')} lie before what was recomputed")
        others = {body["rules"] for change in theirs[begins:] if (body := _read(change.value)) and "rules" in body} - {RULES}
        if others:
            found.faults.append(
                f"{truce}: decided by version {', '.join(map(str, sorted(others)))} of the rules, and this program has {RULES}: "
                "verify with the release that has it"
            )
            continue
        same += _compare(found, theirs[begins:], ours, positions)
    found.counts["same_changes"] = same
    found.checked.append(f"{several(same, 'change')} of phase recomputed: the same, byte for byte")


def _compare(found: Verification, theirs: list[Announced], ours: list[tuple[bytes, Any]], positions: dict[int, Any]) -> int:
    same = resting = 0
    for change, (value, _) in zip(theirs, ours, strict=False):
        if change.value == value:
            same += 1
            continue
        paths = [path for path in _differences(_read(change.value), _read(value)) if path[0] not in ("id", "previous")]
        if paths:
            told = "; ".join(f"{path}: announced {one}, follows {other}" for path, one, other in paths[:3])
            more = f" and {len(paths) - 3} more values" if len(paths) > 3 else ""
            found.faults.append(f"{_named(value, change.where)} is not what follows from the log: {told}{more}")
        elif _read(change.value) is None or _differences(_read(change.value), _read(value)) == []:
            found.faults.append(f"{_named(value, change.where)} is written with other bytes")
        else:
            resting += 1
    if resting and not found.faults:
        found.faults.append(f"{several(resting, 'change')} of phase have another id or predecessor than follows")
    elif resting:
        found.notes.append(f"{several(resting, 'later change')} of phase rest on one that does not hold")
    for change in theirs[len(ours) :]:
        found.faults.append(f"{_named(change.value, change.where)} was announced, but does not follow from the log")
    for value, at in ours[len(theirs) :]:
        position = positions.get(at.partition)
        if position is not None and at.offset >= position.next_offset:
            found.notes.append(f"{_named(value, 'the log')} is decided, but the worker is not there yet")
        else:
            found.faults.append(f"{_named(value, 'the log')} follows from the log, but was never announced")
    return same


def _values(found: Verification, source: Source, recomputed: Recomputed) -> None:
    """The last values of the compacted topics; a worker that is busy shows those of some moment, which is no fault."""
    if not source.is_settled:
        found.notes.append("the worker is behind the log or at work: days, levels and incidents were not compared")
        return
    for topic, name in NAMES.items():
        if topic == EVIDENCE:
            continue
        _compare_values(found, name, source.latest(topic), recomputed.latest[topic], bool(recomputed.begins))
    if not hasattr(source, "positions"):
        ours = recomputed.latest[EVIDENCE] | dict(recomputed.evidence())
        _compare_values(found, "evidence", source.latest(EVIDENCE), ours, False)


def _compare_values(found: Verification, name: str, theirs: dict[str, bytes], ours: dict[str, bytes], partly: bool) -> None:
    faults, passed_over, same = [], 0, 0
    for key in sorted(theirs.keys() | ours.keys()):
        one, other = theirs.get(key), ours.get(key)
        if partly and other is None:
            passed_over += 1
            continue
        if one == other:
            same += 1
            continue
        if one is None:
            faults.append(f"{name}: {key} follows from the log, but is missing")
        elif other is None:
            faults.append(f"{name}: {key} does not follow from the log")
        else:
            paths = _differences(_read(one), _read(other))
            told = "; ".join(f"{path}: there {was}, follows {follows}" for path, was, follows in paths[:3]) or "other bytes"
            faults.append(f"{name}: {key} is not what follows from the log: {told}")
    found.faults += faults[:TOLD_MAX]
    if len(faults) > TOLD_MAX:
        found.faults.append(f"{name}: {len(faults) - TOLD_MAX} more differ")
    found.counts[f"same_{name}"] = same
    found.checked.append(f"{len(theirs) - passed_over:,} {name}, byte for byte")
    if passed_over:
        found.notes.append(f"{passed_over:,} {name} were last said before the oldest base, and were not recomputed")


def _differences(one: Any, other: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """(path, value there, value here) of everything that is not the same in two JSON values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(_inside(((key, one.get(key), other.get(key)) for key in sorted(one.keys() | other.keys())), path))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return list(_inside(((str(n), *pair) for n, pair in enumerate(zip(one, other, strict=True))), path))
    return [] if one == other else [(path, _short(one), _short(other))]


def _inside(pairs: Iterable[tuple[str, Any, Any]], path: str) -> Iterator[tuple[str, Any, Any]]:
    for key, one, other in pairs:
        yield from _differences(one, other, f"{path}.{key}" if path else key)


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."


def _read(value: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _named(value: bytes, where: str) -> str:
    """ "Change no. 1 (in force to qualified, 2016-03-10 22:00Z; phases.jsonl:2)"."""
    body = _read(value)
    if body is None or not body.keys() >= {"sequence", "before_name", "after_name", "effective_at"}:
        return f"the change of phase at {where}"
    when = utc(body["effective_at"]) if isinstance(body["effective_at"], int) else body["effective_at"]
    return (
        f"change no. {body['sequence']} of {body.get('truce')} ({body['before_name']} to {body['after_name']}, {when}; {where})"
    )


__all__ = ["Verification", "verify"]
