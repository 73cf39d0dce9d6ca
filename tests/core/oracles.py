"""Short, naive recomputations from the whole set of reports: what the incremental core must equal."""

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec
from core.builders import Told

from schemas.facts import Incident, Report
from streams.core.anchoring import EXCLUDED, VOICES_MAX
from streams.core.cells import BREADTHS, breadth, cell_of, grid_of
from streams.core.claims import Account, Reading
from streams.core.features import SHARP_S
from streams.core.incident import incident_id
from streams.core.match import rule_of, score
from streams.core.repeats import repeats
from streams.core.terms import DAY, HOUR, Terms
from streams.core.zones import ZoneMap

Ids = frozenset[tuple[str, str]]
WEIGHTLESS = ("access_denied", "monitor_restricted", "detention", "other")
Centres = Mapping[str, tuple[str, ...]]


def live_accounts(reports: Iterable[Told], terms: Terms) -> list[Account]:
    """The violations that stand: of each source and id the highest revision, unless it is a retraction."""
    best: dict[tuple[str, str], tuple[tuple, Told]] = {}
    for told in reports:
        report = msgspec.convert(told.body, Report)
        key = (report.source, report.report_id)
        rank = (report.revision, report.status == "retracted", _digest(told), -told.received_at)
        if key not in best or rank > best[key][0]:
            best[key] = rank, told
    reading = Reading(terms)
    return [
        Account(msgspec.convert(told.body, Report), told.circle, told.received_at, reading)
        for (_, retracted, _, _), told in best.values()
        if not retracted and told.body["type"] == "violation" and told.circle is not None
    ]


def incidents(accounts: Iterable[Account], terms: Terms) -> dict[Ids, Account]:
    """The partition of the accounts into incidents, each with its anchor."""
    rule, most = rule_of(terms.match), terms.match.neighbours_max
    claims: dict[Account, list[Account]] = {}
    seen: Counter[object] = Counter()
    open_under: dict[Account, set[object]] = {}
    for account in sorted(accounts, key=lambda a: a.order):
        keys = _keys(account, terms)
        head = next(
            (h for h in claims if open_under[h] & keys and repeats(h.features, account.features, rule) is not None), account
        )
        claims.setdefault(head, []).append(account)
        if head is account:
            when = _when(account)
            open_under[head] = {key for key in keys if seen[key, when] < most}
            seen.update((key, when) for key in keys)
    groups: dict[Account, list[Account]] = {}
    open_in: dict[Account, set[int]] = {}
    for head in claims:
        best, best_score = head, None
        for anchor, members in groups.items():
            if not (anchor.mergeable and head.mergeable) or any(m.source == head.source for m in members):
                continue
            if grid_of(breadth(anchor.features), breadth(head.features)) not in open_in[anchor]:
                continue
            voices = [anchor, *[member for member in members[1:] if member.listed][:VOICES_MAX]]
            scores = [score(voice.features, head.features, rule) for voice in voices]
            if scores[0] is None:
                continue
            mean = sum(EXCLUDED if one is None else one for one in scores) // len(scores)
            if mean >= rule.threshold and (best_score is None or mean > best_score):
                best, best_score = anchor, mean
        groups.setdefault(best, []).append(head)
        if best is head and head.mergeable:
            cells = {grid: _cell(head, grid) for grid in BREADTHS}
            open_in[head] = {grid for grid, cell in cells.items() if seen[cell] < most}
            seen.update(cells.values())
    return {
        frozenset((told.source_name, told.report_id) for head in heads for told in claims[head]): anchor
        for anchor, heads in groups.items()
    }


def _cell(head: Account, grid: int) -> object:
    """Where it counts among the first anchors: its cell, breadth, kind and weapon, and whether terms list the source."""
    features = head.features
    return cell_of(features, grid), breadth(features), features.kind, features.weapon, head.listed


def _keys(account: Account, terms: Terms) -> set[object]:
    """What one source may repeat: links, pieces of the signature of its words, eleven bits each, and days if terms say so."""
    features = account.features
    pieces: set[tuple[object, object]] = set()
    if features.script:
        pieces = {(first, features.signature >> first & 2047) for first in range(0, 64, 11)}
    if terms.match.one_a_day and features.end - features.start > SHARP_S:
        pieces.add(("span", (features.start, features.end)))
    return {(account.source, "link", link) for link in features.links} | {(account.source, *piece) for piece in pieces}


def _when(account: Account) -> object:
    """Where it counts among the first heads: with those that begin in the same two days, or eight for what lasts longer."""
    lasts = account.end - account.start
    if lasts > 7 * DAY:
        return None
    return lasts > 25 * HOUR, account.start // ((8 if lasts > 25 * HOUR else 2) * DAY)


def centres(anchors: Iterable[Account], terms: Terms) -> dict[str, tuple[str, ...]]:
    """By incident, the zones that hold its centre: the one thing of a measure that its body does not say."""
    zone_map, truce = ZoneMap(terms), terms.truce
    return {incident_id(a.source_name, a.report_id, truce.id, truce.salt): zone_map.place(a.circle).centre for a in anchors}


def day_sums(bodies: Iterable[Incident], centred: Centres, terms: Terms, zone: str, start_s: int) -> list[list[int]]:
    """[low, best, high], each by metric: what happened in a zone in the day from `start_s` on, summed over incidents."""
    sums, end_s = [[0, 0, 0] for _ in range(3)], start_s + DAY
    for body in bodies:
        sure = _share(body, start_s, end_s) or _across(body, start_s - DAY, start_s, end_s, terms)
        _enter(sums, body, zone, centred, sure, start_s, end_s)
    return _in_order(sums)


def level_sums(bodies: Iterable[Incident], centred: Centres, zone: str, hour_ends_s: int) -> list[list[int]]:
    """The same over the last 168 hours."""
    sums, start_s = [[0, 0, 0] for _ in range(3)], hour_ends_s - 168 * HOUR
    for body in bodies:
        _enter(sums, body, zone, centred, _share(body, start_s, hour_ends_s), start_s, hour_ends_s)
    return _in_order(sums)


def _enter(sums, body: Incident, zone: str, centred: Centres, sure: bool, start_s: int, end_s: int) -> None:
    if body.status != "live" or body.scope == "out_of_scope" or body.discounted:
        return
    sharp = body.time_precision not in ("week", "month") and body.ends - body.starts < 7 * DAY
    last_s, total = max(body.ends, body.starts + 1), body.ends - body.starts >= 7 * DAY
    tests = (
        sure and sharp and body.grade != "weak" and zone in body.certain,
        body.counted and not total and zone in centred[body.id] and start_s <= (body.starts + body.ends) // 2 < end_s,
        body.counted and zone in body.possible and body.starts < end_s and last_s > start_s,
    )
    for bound, (name, holds) in enumerate(zip(("low", "best", "high"), tests, strict=True)):
        hurt = getattr(body.killed, name) + getattr(body.injured, name)
        if holds and (body.kind not in WEIGHTLESS or hurt):
            for metric, amount in enumerate((1, getattr(body.severity, name), getattr(body.killed, name))):
                sums[bound][metric] += amount


def _share(body: Incident, start_s: int, end_s: int) -> bool:
    """Whether at least 90 % of its span lies there."""
    if body.starts == body.ends:
        return start_s <= body.starts < end_s
    inside = min(body.ends, end_s) - max(body.starts, start_s)
    return inside * 10 >= (body.ends - body.starts) * 9


def _across(body: Incident, before_s: int, start_s: int, end_s: int, terms: Terms) -> bool:
    """Whether this day is the later of the first two, both after D-hour, that hold 90 % of it, though neither does alone."""
    if before_s < terms.d_hour_s or _share(body, before_s, start_s) or not _share(body, before_s, end_s):
        return False
    touches_both = body.starts < start_s < body.ends
    earlier = before_s - DAY >= terms.d_hour_s and body.starts < before_s and _share(body, before_s - DAY, start_s)
    return touches_both and not earlier


def _in_order(sums: list[list[int]]) -> list[list[int]]:
    low, best, high = sums
    best = [max(pair) for pair in zip(low, best, strict=True)]
    return [low, best, [max(pair) for pair in zip(best, high, strict=True)]]


def _digest(told: Told) -> bytes:
    return blake2b(msgspec.json.encode(told.body), digest_size=16).digest()


__all__ = ["centres", "day_sums", "incidents", "level_sums", "live_accounts"]
