"""A base of one truce: when a day closes for good, set down everything but the reports.

A restart takes the base and reads the log from the first offset that still matters. Before the place of the base only
reports count there, each judged by the time at which it came and the terms of that time; the rest is in the base. See
`snapshot` for the bytes.
"""

from typing import TYPE_CHECKING, Any

import orjson

from schemas.facts import TermsRecord
from streams.core import snapshot
from streams.core.clock import Clock
from streams.core.monitor.days import Days
from streams.core.monitor.governing import Governing, picture_of
from streams.core.monitor.passed_over import PassedOver
from streams.core.monitor.time import Time
from streams.core.picture import Picture
from streams.core.terms import TermsError, parse

if TYPE_CHECKING:
    from streams.core.monitor.monitor import Monitor


class Basis:
    """The base that is due, if one is; and after a restart the one that the log is being read up to.

    `judging`: meanwhile, the terms that governed when the record being read came, in pictures without reports.
    """

    def __init__(self) -> None:
        self.due: tuple[int, bytes] | None = None
        self.reading: tuple[int, dict[str, Any]] | None = None
        self.judging: Governing | None = None
        self._closed: int | None = None
        self._again_passed_over: frozenset[int] = frozenset()
        self._kept_days: dict[str, list[bytes]] = {}

    def keep(self, monitor: "Monitor", offset: int, closed: int, told_from: int) -> None:
        """At a tick, where another day of the truce has closed: `closed` is the first that has not, `told_from` the first that
        is still told.

        It is written out at once: records that come after it in the same batch change what it was taken from.
        """
        first = -monitor.terms.truce.watch_days_before if self._closed is None else self._closed
        if closed < first:
            for written in self._kept_days.values():
                del written[max(0, closed) :]  # these days are open again
        if closed <= first:
            return
        mark = min(
            (monitor.mark_at(offset + 1), *monitor.waiting.marks(), *monitor.reports.marks()), key=lambda mark: mark.offset
        )
        passed_over = monitor.reports.passed_over.since(mark.offset)
        if passed_over is None:
            return
        self._closed = closed
        days, deciding = monitor.days, monitor.deciding
        self.due = (
            offset,
            orjson.dumps(
                {
                    "first_offset": mark.offset,
                    "passed_over": passed_over,
                    "clock_then": mark.clock,
                    "now_then": mark.now_s,
                    "open_then": mark.open_from_s,
                    "terms_then": [[effective_s, terms.as_mapping()] for effective_s, terms in mark.terms],
                    "reports": monitor.reports.kept(),
                    "time": monitor.time.kept(),
                    "open_from": monitor.open_from_s,
                    "closed": closed,
                    "told_from": told_from,
                    "baseline": days.baseline,
                    "end": snapshot.of_end(deciding.end),
                    "markers": monitor.markers.kept(),
                    "gazetteers": sorted(monitor.reports.gazetteers),
                    "counts": monitor.reports.counts,
                    "withdrawn": monitor.readers.withdrawn(),
                    "settled": self._settled(days, closed),
                    "too_violent": days.too_violent,
                    "chain": snapshot.of_chain(monitor.chain),
                    "pictures": [
                        [effective, snapshot.of_picture(picture, closed)] for effective, picture in monitor.governing.entries
                    ],
                }
            ),
        )

    def _settled(self, days: Days, closed: int) -> dict[str, orjson.Fragment]:
        """All settled days. Those that can change no more are written out once."""
        last = min((closed, *(day for _, day in days.lingering)))
        found = {}
        for zone in sorted(days.settled):
            kept, of_zone = self._kept_days.setdefault(zone, []), days.settled[zone]
            kept += [orjson.dumps(snapshot.of_day(day)) for day in of_zone[len(kept) : max(0, last)]]
            still_open = [orjson.dumps(snapshot.of_day(day)) for day in of_zone[len(kept) :]]
            found[zone] = orjson.Fragment(b"[%b]" % b",".join([*kept, *still_open]))
        return found

    def begin(self, monitor: "Monitor", kept: dict[str, Any], at: int) -> None:
        """The base was taken at offset `at`: the log comes again from `first_offset` on."""
        self.reading = at, kept
        self._again_passed_over = frozenset(kept["passed_over"])
        monitor.time.clock, monitor.time.now_s = Clock.restore(kept["clock_then"]), kept["now_then"]
        monitor.open_from_s = kept.get("open_then", 0)
        monitor.governing.entries = [(effective, Picture(parse(picture["terms"]))) for effective, picture in kept["pictures"]]
        self.judging = Governing()
        self.judging.entries = [(effective, Picture(parse(terms))) for effective, terms in kept["terms_then"]]
        monitor.deciding.end = snapshot.to_end(kept["end"])
        monitor.reports.expect(kept["reports"])
        monitor.days.settled = {zone: [] for zone in kept["settled"]}

    def take_terms(self, record: TermsRecord) -> None:
        """Terms that came before the base judge what came between them and it."""
        assert self.judging is not None
        try:
            self.judging.take(record.effective_from, picture_of(record, self.judging), record.correct)
        except TermsError:
            return  # refused then, as they would be now

    def ends_at(self, offset: int) -> bool:
        """Whether the record at an offset is the tick at which the base was taken, or comes after it."""
        return self.reading is not None and offset >= self.reading[0]

    def passes_over(self, offset: int) -> bool:
        return offset in self._again_passed_over

    def install(self, monitor: "Monitor") -> dict[str, Any]:
        """Reports are in again: the rest is put back as it was. Of what is returned, `pictures`, `withdrawn` and `counts` are
        still to be put back."""
        assert self.reading is not None
        (_, kept), self.reading, self.judging = self.reading, None, None
        self._again_passed_over = frozenset()
        self._closed = kept["closed"]
        monitor.time = Time.restore(kept["time"])
        monitor.open_from_s = kept.get("open_from", monitor.open_from_s)
        monitor.markers.restore(kept["markers"])
        snapshot.to_chain(kept["chain"], monitor.chain)
        reports, days = monitor.reports, monitor.days
        reports.passed_over = PassedOver(list(kept["passed_over"]))
        reports.gazetteers = set(kept["gazetteers"])
        days.baseline, days.too_violent = kept["baseline"], list(kept["too_violent"])
        days.settled = {zone: [snapshot.to_day(day) for day in of_zone] for zone, of_zone in kept["settled"].items()}
        days.lingering = {
            (zone, number) for zone, of_zone in days.settled.items() for number, day in enumerate(of_zone) if day.lingering
        }
        return kept


__all__ = ["Basis"]
