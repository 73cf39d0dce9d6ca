"""Short, naive recomputations from the whole set of reports: what the incremental core must equal."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec
from builders import Told

from schemas.facts import Incident, Report
from streams.core.claims import Account, Calendar
from streams.core.geometry import distance_m
from streams.core.incident import incident_id
from streams.core.match import fit, rule_of
from streams.core.terms import DAY, HOUR, Terms
from streams.core.zones import ZoneMap

Ids = frozenset[tuple[str, str]]
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
    calendar = Calendar(terms.zone_of_time)
    return [
        Account(msgspec.convert(told.body, Report), told.circle, told.received_at, terms, calendar)
        for (_, retracted, _, _), told in best.values()
        if not retracted and told.body["type"] == "violation" and told.circle is not None
    ]


def incidents(accounts: Iterable[Account], terms: Terms) -> dict[Ids, Account]:
    """The partition of the accounts into incidents, each with its anchor."""
    claims: dict[Account, list[Account]] = {}
    for account in sorted(accounts, key=lambda a: a.order):
        head = next((h for h in claims if _repeats(h, account, terms)), account)
        claims.setdefault(head, []).append(account)
    groups: dict[Account, list[Account]] = {}
    rule = rule_of(terms.match)
    for head in claims:
        best, best_score = head, None
        for anchor, members in groups.items():
            if not (anchor.mergeable and head.mergeable) or any(m.source == head.source for m in members):
                continue
            score = fit(anchor.features, head.features, rule)
            if score is not None and (best_score is None or score > best_score):
                best, best_score = anchor, score
        groups.setdefault(best, []).append(head)
    return {
        frozenset((told.source_name, told.report_id) for head in heads for told in claims[head]): anchor
        for anchor, heads in groups.items()
    }


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
    if body.status != "live" or body.scope == "out_of_scope":
        return
    sharp = body.time_precision not in ("week", "month") and body.ends - body.starts < 7 * DAY
    last_s = max(body.ends, body.starts + 1)
    tests = (
        sure and sharp and body.grade != "weak" and zone in body.certain,
        body.counted and zone in centred[body.id] and start_s <= (body.starts + body.ends) // 2 < end_s,
        body.counted and zone in body.possible and body.starts < end_s and last_s > start_s,
    )
    for bound, (name, holds) in enumerate(zip(("low", "best", "high"), tests, strict=True)):
        if holds:
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


def _repeats(head: Account, account: Account, terms: Terms) -> bool:
    if head.source != account.source or head.kind is not account.kind or not set(head.keys) & set(account.keys):
        return False
    gap_s = max(account.start - head.end, head.start - account.end, 0)
    apart_m = distance_m(head.lat_e6, head.lon_e6, account.lat_e6, account.lon_e6)
    reach_m = terms.match.distance_m + head.radius_m + account.radius_m
    return gap_s <= terms.match.window_hours * HOUR and apart_m <= reach_m


def _digest(told: Told) -> bytes:
    return blake2b(msgspec.json.encode(told.body), digest_size=16).digest()


__all__ = ["centres", "day_sums", "incidents", "level_sums", "live_accounts"]
