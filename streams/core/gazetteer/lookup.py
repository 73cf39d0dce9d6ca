"""The names of one country's places, districts and provinces.

A name is looked for in three steps, and a later one only where the earlier knows nothing: the same spelling, the same
consonants (another transliteration, another script), and nearly the same letters (a slip of the pen). Each answer has a
score in per cent, 100 for the same spelling, so that whoever uses it can widen a doubtful one or leave it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from streams.core import names
from streams.core.gazetteer.place import Place, PlaceKind
from streams.core.geometry import distance_m

SCORE_MIN = 82
"""Below this two names are not taken for one, per cent."""

SCORE_SURE = 93
"""From here on a name is taken for the other; below it is a guess. One wrong consonant in a name of ten letters is below."""

SCORE_MARGIN = 4
"""A name that fits so much worse than the best one is not meant."""

SCORE_APART = 98
"""For a name that is the same but for an article written as part of it."""

HEARD_SCORE = {False: SCORE_SURE - 4, True: SCORE_SURE}
"""What the same consonants are worth where the letters cannot be compared, being of two alphabets: few, or at least four."""

LONG_SOUND = 6
"""A name of so many consonants may have two of them wrong."""

Box = tuple[int, int, int, int]
"""South, west, north, east, microdegrees."""


class Match(NamedTuple):
    """A place that a name may mean, and how well the name fits, per cent."""

    place: Place
    score: int


class Names:
    """Made when a country is first asked for. Pure lookups; whoever asks remembers the answers."""

    def __init__(
        self,
        by_area: Mapping[str, Sequence[Place]],
        areas: Sequence[Place],
        boxes: Mapping[str, Box],
        area_names: Mapping[str, Sequence[str]],
    ) -> None:
        self._places = _Shelf()
        self._areas = _Shelf()
        self._provinces: dict[str, list[str]] = {}
        self._provinces_loose: dict[str, list[str]] = {}
        self._around: dict[str, str] = {}
        titled: dict[str, list[Place]] = {}
        for place in areas:
            if place.kind is PlaceKind.DISTRICT:
                self._areas.put(place)
            elif place.kind is PlaceKind.PROVINCE:
                titled.setdefault(place.area, []).append(place)
        # A list of a city's quarters does not make it larger than the land around it.
        towns = {code: sum(place.kind is PlaceKind.PLACE for place in places) for code, places in by_area.items()}
        for code, places in by_area.items():
            for place in places:
                self._places.put(place)
            if "." not in code:
                continue
            main = max(places, key=lambda place: (place.kind is PlaceKind.PLACE, place.population, len(place.names), -place.id))
            # A list of provinces says their names. Without one, a province has that of its largest place.
            told = area_names.get(code, ())
            own = (main, *titled.get(code, ()))
            strict = [*(names.strict(name) for name in told), *(key for place in own for key in place.keys)]
            loose = [*(names.loose(name) for name in told), *(key for place in own for key in place.sounds)]
            for index, keys in ((self._provinces, strict), (self._provinces_loose, loose)):
                for key in dict.fromkeys(keys):
                    if key:
                        index.setdefault(key, []).append(code)
            around = _enclosing(code, by_area, boxes, towns)
            if around is not None:
                self._around[code] = around
        self._by_code = {spelling: code for code in by_area for spelling in (code, code.partition(".")[2]) if spelling}

    def places(self, name: str, provinces: Iterable[str] = ()) -> list[Match]:
        """Towns, villages, quarters and localities. With provinces, only those in them."""
        return self._places.find(name, frozenset(provinces))

    def spelled(self, name: str) -> Sequence[Place]:
        """Those with the name by its spelling alone."""
        return self._places.by_key.get(names.strict(name), ())

    def districts(self, name: str, provinces: Iterable[str] = ()) -> list[Match]:
        return self._areas.find(name, frozenset(provinces))

    def provinces(self, name: str) -> Sequence[str]:
        """Codes, the likelier first: by code, by name, or as the countryside of one."""
        by_code = self._by_code.get(name.strip().upper().replace("-", "."))
        if by_code is not None:
            return (by_code,)
        own = self._named(name)
        if own:
            return tuple(dict.fromkeys([*own, *(self._around[code] for code in own if code in self._around)]))
        city = names.countryside_of(name)
        return tuple(dict.fromkeys(self._around.get(code, code) for code in self._named(city))) if city else ()

    def provinces_spelled(self, name: str) -> Sequence[str]:
        return self._provinces.get(names.strict(name), ())

    def _named(self, name: str) -> Sequence[str]:
        return self._provinces.get(names.strict(name)) or self._provinces_loose.get(names.loose(name), ())


class _Shelf:
    """Places by the keys of their names, and by parts of those keys where nothing has the whole."""

    def __init__(self) -> None:
        self.by_key: dict[str, list[Place]] = {}
        self.by_sound: dict[str, list[Place]] = {}
        self._by_part: dict[str, list[str]] | None = None

    def put(self, place: Place) -> None:
        for key in place.keys:
            self.by_key.setdefault(key, []).append(place)
        for sound in place.sounds:
            self.by_sound.setdefault(sound, []).append(place)

    def find(self, name: str, provinces: frozenset[str]) -> list[Match]:
        """What a name may mean, by the first step that knows anything in the provinces; anywhere, without provinces."""
        spellings = names.spellings(name)
        for spelling, score in zip(spellings, (100, SCORE_APART), strict=False):
            found = _inside(self.by_key.get(spelling, ()), provinces)
            if found:
                return [Match(place, score) for place in found]
        sound = names.loose(name)
        if not sound:
            return []
        heard = [Match(place, _heard(spellings, sound, place)) for place in _inside(self.by_sound.get(sound, ()), provinces)]
        if heard:
            return _best(heard)
        alike = {place.id: place for other in self._near(sound) for place in _inside(self.by_sound[other], provinces)}
        return _best([Match(place, _written(spellings, place)) for place in alike.values()])

    def _near(self, sound: str) -> list[str]:
        """Sounds that differ by one consonant, or two in a long name, and share a beginning or an end.

        One wrong consonant leaves either the first two or the last two as they were.
        """
        if self._by_part is None:
            self._by_part = {}
            for other in self.by_sound:
                for part in _parts(other):
                    self._by_part.setdefault(part, []).append(other)
        shared = dict.fromkeys(other for part in _parts(sound) for other in self._by_part.get(part, ()))
        edits = 1 if len(sound) < LONG_SOUND else 2
        return [
            other for other, _, _ in process.extract(sound, shared.keys(), scorer=OSA.distance, score_cutoff=edits, limit=None)
        ]


_ANOTHER_ALPHABET = 20
"""Names in two alphabets have hardly a letter in common, per cent."""


def _parts(sound: str) -> tuple[str, str]:
    bare = sound.strip("+")
    return "<" + bare[:2], ">" + bare[-2:]


def _inside(places: Sequence[Place], provinces: frozenset[str]) -> Sequence[Place]:
    return [place for place in places if place.area in provinces] if provinces else places


def _heard(spellings: Sequence[str], sound: str, place: Place) -> int:
    """The score of a name with the same consonants: vowels may differ much, but not beyond recognition."""
    written, is_long = _written(spellings, place), len(sound.strip("+")) >= 4
    if written < _ANOTHER_ALPHABET:
        return HEARD_SCORE[is_long]
    return 100 - (101 - written) // (3 if is_long else 2)


def _written(spellings: Sequence[str], place: Place) -> int:
    """How much of the letters is the same, per cent, in the best of the place's spellings; never all."""
    return min(99, max(int(fuzz.ratio(spelling, key)) for spelling in spellings for key in place.keys))


def _best(matches: Sequence[Match]) -> list[Match]:
    most = max((match.score for match in matches), default=0)
    return [match for match in matches if match.score >= max(SCORE_MIN, most - SCORE_MARGIN)]


def _enclosing(
    code: str, by_area: Mapping[str, Sequence[Place]], boxes: Mapping[str, Box], towns: Mapping[str, int]
) -> str | None:
    """The province that lies all around another, as the countryside of a capital does, if one does."""
    south, west, north, east = boxes[code]

    def holds(other: str) -> bool:
        low, left, high, right = boxes[other]
        return low <= south and left <= west and high >= north and right >= east and towns[other] > towns[code]

    def gap_m(other: str) -> int:
        return min(distance_m(p.lat_e6, p.lon_e6, q.lat_e6, q.lon_e6) for p in by_area[other] for q in by_area[code])

    around = [other for other in by_area if "." in other and other != code and holds(other)]
    return around[0] if len(around) == 1 else min(around, key=gap_m, default=None)


__all__ = ["SCORE_MIN", "SCORE_SURE", "Box", "Match", "Names"]
