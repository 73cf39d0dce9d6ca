"""Numbers and times as people read them. Nothing is computed here: each figure is one that stands in a message."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from schemas.facts import Interval
from schemas.reasons import Metric
from streams.board.words import Words

THOUSAND = 1_000
SHOWN_MAX = 120
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks, embeddings, overrides and isolates of the bidirectional algorithm."""


def amount(value: int, metric: Metric | str) -> str:
    """A measure as it stands in an interval: severity is kept in thousandths, counts are whole."""
    return thousandths(value) if metric == Metric.SEVERITY else f"{value:,}"


def thousandths(value: int) -> str:
    """A limit, or a share: exactly what the message says."""
    return f"{value / THOUSAND:,.3f}".rstrip("0").rstrip(".")


def interval(found: Interval, metric: Metric | str, words: Words) -> str:
    low, best, high = (amount(value, metric) for value in (found.low, found.best, found.high))
    return words("exactly", best) if low == high else words("interval", low, high, best)


def short(found: Interval, metric: Metric | str) -> str:
    """ "2–7", or "4" where it is sure. Isolated from the direction of the text around it."""
    low, high = amount(found.low, metric), amount(found.high, metric)
    return low if low == high else f"\u2066{low}–{high}\u2069"


def clean(text: str) -> str:
    """Words of others, as far as they may be shown: on one line, without what turns the text around them, and not too long."""
    shown = "".join(letter for letter in text if letter not in _TURNING and letter.isprintable())
    return shown if len(shown) <= SHOWN_MAX else f"{shown[:SHOWN_MAX]}…"


class Times(NamedTuple):
    """Times in a truce's own zone, with UTC beside them."""

    zone: ZoneInfo
    words: Words

    def local(self, at_s: int) -> str:
        """Fri 16 Sep 2016 19:00"""
        at = self._at(at_s)
        return f"{self.words.weekdays[at.weekday()]} {at.day} {self.words.months[at.month - 1]} {at.year} {at:%H:%M}"

    def date(self, at_s: int) -> str:
        """16 Sep, with a mark that gives it its direction where nothing about it does, as in a chart."""
        at = self._at(at_s)
        mark = "\u200f" if self.words.direction == "rtl" else ""
        return f"{mark}{at.day} {self.words.months[at.month - 1]}{mark}"

    def hour(self, at_s: int) -> str:
        return f"{self._at(at_s):%H:%M}"

    def utc(self, at_s: int) -> str:
        """2016-09-16 16:00 UTC, isolated so that it reads the same in a line from right to left."""
        return f"\u2066{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC\u2069"

    def both(self, at_s: int) -> Markup:
        return Markup('{} (<span class="utc">{}</span>)').format(self.local(at_s), self.utc(at_s))

    def iso(self, at_s: int) -> str:
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"

    def _at(self, at_s: int) -> datetime:
        return datetime.fromtimestamp(at_s, UTC).astimezone(self.zone)


__all__ = ["THOUSAND", "Times", "amount", "clean", "interval", "short", "thousandths"]
