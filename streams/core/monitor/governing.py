"""Which terms govern when: pictures of the same reports, each for the days that begin at or after its time of effect."""

from collections.abc import Iterable

from schemas.facts import TermsRecord
from streams.core.claims import Account
from streams.core.picture import Picture
from streams.core.terms import DAY, HOUR, Terms, TermsError, parse

OTHER_D_HOUR = "truce.d_hour: days are counted from it, and so it stays; a truce with another is one of its own, under its own id"


class Governing:
    """Pictures in order of effect (seconds since 1970). Every one holds all live reports; each shows the days it governs."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, Picture]] = []

    def take(self, effective_s: int, picture: Picture, correct: bool) -> None:
        """New terms. To correct is to govern all that is open; else those that would have come later are superseded."""
        if not self.entries or correct:
            self.entries = [(0, picture)]
        else:
            self.entries = [entry for entry in self.entries if entry[0] < effective_s]
            self.entries.append((effective_s, picture))

    @property
    def pictures(self) -> list[Picture]:
        return [picture for _, picture in self.entries]

    def at(self, at_s: int | None) -> Picture:
        found = self.entries[0][1]
        for effective_s, picture in self.entries:
            if at_s is not None and effective_s <= at_s:
                found = picture
        return found

    def of_day(self, day: int) -> Picture:
        return self.entries[0][1] if len(self.entries) == 1 else self.at(self.day_span(day)[0])

    def governed(self, picture: Picture, days: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
        """Those (zone, day) that a picture governs."""
        return days if len(self.entries) == 1 else [of_zone for of_zone in days if self.of_day(of_zone[1]) is picture]

    def governs(self, picture: Picture, account: Account) -> bool:
        """Whether an incident of this anchor is measured, and so published, by this picture."""
        if len(self.entries) == 1:
            return True
        day = ((account.start + account.end) // 2 - picture.terms.d_hour_s) // DAY
        return self.of_day(day) is picture

    @property
    def d_hour_s(self) -> int:
        return self.entries[0][1].terms.d_hour_s

    def day_span(self, day: int) -> tuple[int, int]:
        """Seconds since 1970 of a day of the truce."""
        start_s = self.entries[0][1].terms.d_hour_s + day * DAY
        return start_s, start_s + DAY

    def day_of(self, at_s: int) -> int:
        return (at_s - self.d_hour_s) // DAY

    def settle(self, days: int) -> None:
        """So many days from D-hour on are settled."""
        for _, picture in self.entries:
            picture.settled_days = days

    def resolve(self, before_day: int | None = None) -> None:
        """With `before_day`, measures of the days before it only: see `Picture.resolve`."""
        before_s = None if before_day is None else self.day_span(before_day)[0]
        for _, picture in self.entries:
            picture.resolve(before_s)

    def advance(self, now_s: int) -> None:
        """Move the rolling levels to end with the hour that holds this moment."""
        for _, picture in self.entries:
            picture.advance(hour_of(now_s, picture.terms))


def picture_of(record: TermsRecord, governing: Governing) -> Picture:
    """Of terms in the log, without reports. Raises `TermsError` where they cannot be used, or cannot follow those that govern."""
    terms = parse(record.terms)
    if terms.truce.id != record.truce:
        raise TermsError(f"truce.id: {terms.truce.id!r}, in a record of {record.truce!r}")
    if governing.entries and terms.d_hour_s != governing.d_hour_s:
        raise TermsError(OTHER_D_HOUR)
    return Picture(terms)


def hour_of(at_s: int, terms: Terms) -> int:
    """Hours are counted from D-hour."""
    return (at_s - terms.d_hour_s) // HOUR


__all__ = ["OTHER_D_HOUR", "Governing", "hour_of", "picture_of"]
