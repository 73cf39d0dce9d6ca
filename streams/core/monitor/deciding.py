"""Decide, at a tick, which changes of phase hold now, and announce what differs from what stands.

Most ticks bring no news: nothing settled, nothing amended, nobody declared anything. Then nothing is worked out.
"""

from collections.abc import Callable
from typing import NamedTuple

from schemas.facts import PhaseChange
from schemas.reasons import ChangeReason
from streams.core.chain import Chain
from streams.core.gate import Declaration, Wanted, ended, is_end, runs_out
from streams.core.monitor.history import History
from streams.core.picture import Picture
from streams.core.settlement import StandingEnd
from streams.core.terms import HOUR, Terms

NEVER_S = 1 << 62


class Declared(NamedTuple):
    """Of the declarations, in order of time: those that end the truce, those that are put on record as changes of their own
    (withdrawals that do not end it, waivers by who may), and when it runs out."""

    endings: list[Declaration]
    on_record: list[Declaration]
    runs_out_s: int | None

    def next_s(self, now_s: int) -> int:
        """When time alone may next bring something about."""
        moments = [d.at for d in (*self.endings, *self.on_record) if d.at > now_s]
        if self.runs_out_s is not None and self.runs_out_s > now_s:
            moments.append(self.runs_out_s)
        return min(moments, default=NEVER_S)


class Deciding:
    """`end`: the end in force. `void_reason`: why changes are undone, if any are at the next tick."""

    def __init__(self, history: History) -> None:
        self.end = StandingEnd()
        self.void_reason = ChangeReason.LATE_NEWS
        self.history = history
        self._declared: Declared | None = None
        self._terms: Terms | None = None
        self._quiet_until_s = 0

    def forget(self) -> None:
        """Terms changed, or the state was restored: work everything out anew."""
        self._declared, self._terms = None, None

    def decide(
        self,
        now_s: int,
        ticked_s: int,
        picture: Picture,
        first_open: int,
        day_end_s: Callable[[int], int],
        news: bool,
        chain: Chain,
        body: Callable[[Wanted, str | None, int], PhaseChange],
    ) -> list[PhaseChange]:
        """What to announce. `news`: whether the outcome of a day changed since the last tick; `first_open`: the first day
        that may still be another."""
        terms = picture.terms
        if terms is not self._terms:
            self.history.judge_collapse(first_open, terms.ends)
        if picture.take_declared() or self._declared is None or terms is not self._terms:
            self._declared, self._terms, news = _in_order(picture, terms), terms, True
        if not news and now_s < self._quiet_until_s:
            return []
        declared = self._declared
        collapse_day = self.history.collapse_day(terms)
        collapsed_at = None if collapse_day is None else day_end_s(collapse_day)
        found = ended(terms.ends, now_s, declared.endings, declared.runs_out_s, collapsed_at)
        self.end.restate(found, ticked_s, terms.gate.settle_hours * HOUR)
        end = self.end.end
        on_record = [d for d in declared.on_record if d.at <= now_s]
        self.history.close(first_open, terms, end, on_record)
        wanted = self.history.wanted(terms, now_s, end, on_record)
        # Before D-hour nothing holds yet; and an end that is to be better must first have stood for some time.
        waits = now_s < terms.d_hour_s or self.end.since is not None
        self._quiet_until_s = now_s if waits else declared.next_s(now_s)
        reason, self.void_reason = self.void_reason, ChangeReason.LATE_NEWS
        if [change.identity for change in wanted] == [issued.wanted.identity for issued in chain.standing]:
            return []
        return chain.reconcile(wanted, reason, body)


def _in_order(picture: Picture, terms: Terms) -> Declared:
    told = sorted(picture.declarations.values(), key=lambda d: (d.at, d.party, d.declares, d.until or 0))
    endings = [d for d in told if is_end(d, terms.ends)]
    # The same word, told by two of its party, is one.
    on_record = list(dict.fromkeys(d for d in told if _is_on_record(d, terms)))
    return Declared(endings, on_record, runs_out(terms.ends, terms.d_hour_s, told))


def _is_on_record(declaration: Declaration, terms: Terms) -> bool:
    if declaration.declares == "waives":
        return declaration.party in terms.gate.waivers_by
    return declaration.declares == "withdraws" and declaration.party not in terms.ends.ends_by


__all__ = ["Deciding"]
