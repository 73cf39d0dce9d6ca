"""What a day lacked that nobody can vouch for, in plain words: who fell silent, and the least that would have been enough."""

from collections.abc import Callable, Iterator

from schemas.reasons import Condition, Outcome, Trust
from streams.core.terms import HOUR, Terms
from streams.core.whatif import DayInQuestion
from streams.words import counted, listed

SHOWN_MAX = 8
SPANS_MAX = 3


class TellerOfMissing:
    def __init__(self, terms: Terms, when: Callable[[int], str]) -> None:
        self._terms = terms
        self._when = when

    def tell(self, asked: DayInQuestion, was: Outcome) -> Iterator[str]:
        if Condition.NOT_WATCHED in asked.failed:
            yield from self._watch(asked)
        if Condition.ACCESS_NOT_REPORTED in asked.failed:
            yield from self._access(asked)
        if Condition.MARKER_STANDS in asked.failed:
            yield (
                "A report that may concern this day was refused by a fault of ours. Until it is sent again, or somebody who has "
                "read it answers for leaving it out (truce rejected), the day cannot be vouched for."
            )
        had = asked.had_been_vouched_for()
        if had is None:
            few = f"fewer than {self._terms.baseline.min_watched_days} of the {self._terms.baseline.days} days before the truce"
            yield f"There is nothing to compare with, for {few} were watched: whatever was told of it, it could not be quiet."
        else:
            same = "still have been" if had is was else "have been"
            yield f"With what it lacked, and nothing told beyond what was told, it would {same} {had}."

    def _watch(self, asked: DayInQuestion) -> Iterator[str]:
        missing, least = asked.missing_watch(), self._terms.coverage.min_lineages
        who = (
            "an independent source that is trusted to watch, or sources of both sides"
            if least == 1
            else f"{counted(least)} sources at once that do not copy each other, an independent one that is trusted to "
            "watch or both sides among them"
        )
        had, needed = (f"{seconds / HOUR:.3g}" for seconds in (missing.watched_s, missing.needed_s))
        yield f"What it lacked is watch: {had} hours of it were watched and {needed} are needed, by {who}."
        if missing.silences:
            yield "Who could have vouched for it, and was not heard from:"
            for silence in missing.silences[:SHOWN_MAX]:
                yield f"    {silence.source}: {self._spans(silence.spans)}"
            if len(missing.silences) > SHOWN_MAX:
                yield f"    and {len(missing.silences) - SHOWN_MAX} more"
        if not missing.enough:
            yield "No two or three sources of the terms could have made up for it."
        elif len(missing.enough) == 1:
            yield f"The least that would have been enough, for the whole day: the word of {listed(missing.enough[0], 'and')}."
        else:
            yield "The least that would have been enough, for the whole day: the word of"
            for number, sources in enumerate(missing.enough[:SHOWN_MAX]):
                yield f"    {'or ' if number else ''}{listed(sources, 'and')}"
            if len(missing.enough) > SHOWN_MAX:
                yield f"    or one of {len(missing.enough) - SHOWN_MAX} other sets of as many"

    def _spans(self, spans: tuple[tuple[int, int], ...]) -> str:
        shown = [f"{self._when(start)} to {self._when(end)}" for start, end in spans[:SPANS_MAX]]
        more = f" and {len(spans) - SPANS_MAX} more times" if len(spans) > SPANS_MAX else ""
        hours = sum(end - start for start, end in spans) / HOUR
        return f"{', '.join(shown)}{more} ({hours:.3g} hours)"

    def _access(self, asked: DayInQuestion) -> Iterator[str]:
        """One word by somebody who is trusted for it opens an area for a while."""
        access = self._terms.access
        trusted = [source.id for source in self._terms.sources if Trust.ACCESS in source.trusted]
        since = self._when(asked.start_s - access.valid_hours * HOUR)
        for area in access.required:
            if asked.access.get(area) == "unreported":
                name = access.areas.get(area, area)
                who = listed(trusted, "or") if trusted else "somebody whom the terms trust for it, and they trust nobody"
                between = f"between {since} and {self._when(asked.end_s)}"
                yield f"What it lacked is a word that {name} was open: one by {who}, {between}, would have been enough."


__all__ = ["TellerOfMissing"]
