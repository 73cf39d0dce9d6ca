"""Charts as SVG: the level of a zone over its days, and the map. The page, the report and its PNG files draw from here.

Colours are classes: the page's style gives them for light and dark, `STYLE` for a picture that stands alone. Whatever a
colour says, a shape or a pattern says too.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import sqrt
from typing import NamedTuple

from markupsafe import Markup, escape

from schemas.facts import Day, Incident, Interval
from schemas.reasons import Grade, Outcome
from streams.board.figures import Times, clean, interval, thousandths
from streams.board.shapes import LAND, Shapes
from streams.board.words import Words

WEEK_DAYS = 7
WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 54, 30, 16, 46
LABELS_MAX = 10
MAP_WIDTH = 640
DRAWN_PRECISION_MAX = 3
"""What is known no closer than a province is not drawn: it would look like a place."""
TOGETHER_PER_DEGREE = (10, 5, 2, 1)
CIRCLES_MAX = 300
"""Incidents within a tenth of a degree share a circle; within more, where there would be too many to tell apart."""
LETTER_WIDTH, LETTER_HEIGHT = 11, 20
"""Of the names on the map, at most, as on a phone."""
NAMED_POINTS_MIN = 30
"""A zone with a shorter border has no room for its name."""


class Frame(NamedTuple):
    """Where a value is drawn. From right to left where the language runs so."""

    first: int
    last: int
    most: float
    mirrored: bool

    def x(self, day: float) -> float:
        share = (day - self.first) / max(1, self.last - self.first)
        return LEFT + (1 - share if self.mirrored else share) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.most * (HEIGHT - TOP - BOTTOM)


def level_chart(days: list[Day], times: Times, title: str, words: Words) -> Markup:
    """The seven days that end with each day: likeliest as a line, sure to possible as a band, the limit dashed."""
    known = [(day, week) for day in days if (week := week_of(day)) is not None]
    if not known:
        return Markup("")
    limits = [day.limit * WEEK_DAYS for day, _ in known if day.limit is not None]
    unit = 1_000 if known[0][0].metric == "severity" else 1
    tops = [week.high / unit for _, week in known] + [limit / 1_000 for limit in limits]
    ticks = _ticks(max(tops))
    frame = Frame(known[0][0].day, known[-1][0].day, ticks[-1], words.direction == "rtl")
    inner = [*_axes(frame, ticks, [day for day, _ in known], times)]
    band = [(frame.x(d.day), frame.y(w.high / unit)) for d, w in known]
    band += [(frame.x(d.day), frame.y(w.low / unit)) for d, w in reversed(known)]
    inner.append(f'<path class="band" d="{_path(band)}Z"/>')
    if limits:
        line = [(frame.x(d.day), frame.y(d.limit * WEEK_DAYS / 1_000)) for d, _ in known if d.limit is not None]
        inner.append(f'<path class="limit" d="{_path(line)}"/>')
        x, anchor = (LEFT + 4, "start") if frame.mirrored else (WIDTH - RIGHT - 4, "end")
        label = escape(words("seven_limits", thousandths(limits[-1])))
        inner.append(f'<text class="limit-label" x="{x}" y="{line[-1][1] - 5:.1f}" text-anchor="{anchor}">{label}</text>')
    inner.append(f'<path class="line" d="{_path([(frame.x(d.day), frame.y(w.best / unit)) for d, w in known])}"/>')
    for day, week in known:
        told = f"{words('day_number', day.day + 1)} · {times.date(day.ends)}: {interval(week, day.metric, words)}"
        above = day.limit is not None and week.high * (1_000 // unit) > day.limit * WEEK_DAYS
        x, y = frame.x(day.day), frame.y(week.best / unit)
        # Above the limit a point is a square, otherwise a disc.
        square = f'<rect class="point above" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"'
        disc = f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="3.5"'
        title = f"<title>{escape(told)}</title>"
        inner.append(f"{square}>{title}</rect>" if above else f"{disc}>{title}</circle>")
    last = known[-1]
    label = f"{title}: {interval(last[1], last[0].metric, words)}"
    return _svg(WIDTH, HEIGHT, label, inner, "chart")


def week_of(day: Day) -> Interval | None:
    """The rolling level at a day's end, in the metric of its threshold."""
    return None if day.week is None else getattr(day.week, day.metric)


def map_chart(
    drawn: Shapes, settled: Mapping[str, Day | None], names: Mapping[str, str], incidents: Iterable[Incident], words: Words
) -> Markup:
    """Zones by the outcome of their last settled day, with circles for incidents."""
    scale = MAP_WIDTH / ((drawn.east - drawn.west) * drawn.squeeze)
    height = round((drawn.north - drawn.south) * scale)

    def at(lon: float, lat: float) -> tuple[float, float]:
        return (lon - drawn.west) * drawn.squeeze * scale, (drawn.north - lat) * scale

    inner = [PATTERNS]
    labels = []
    for zone, rings in drawn.rings.items():
        path = "".join(_path([at(*point) for point in ring]) + "Z" for ring in rings)
        if zone == LAND:
            inner.append(f'<path class="land" d="{path}"/>')
            continue
        day = settled.get(zone)
        outcome = day.outcome if day is not None else Outcome.BEFORE
        told = f"{names[zone]}: {words('last_day')}: {words.of('outcome', outcome) if day is not None else words('no_day')}"
        inner.append(
            f'<a class="zone" href="?zone={escape(zone)}#incidents" data-zone="{escape(zone)}" aria-label="{escape(told)}">'
            f'<title>{escape(told)}</title><path class="o-{outcome}" d="{path}"/>'
            f'<path class="p" fill="url(#p-{outcome})" d="{path}"/></a>'
        )
        if sum(map(len, rings)) >= NAMED_POINTS_MIN:
            x, y = at(*drawn.middle(zone))
            labels.append((x, y, names[zone]))
    inner += _circles(incidents, at, words)
    for x, y, name in _apart(labels):
        inner.append(f'<text class="zone-name" x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{escape(name)}</text>')
    return _svg(MAP_WIDTH, height, words("map"), inner, "map", role="group")


def _apart(labels: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Names from the top down, each moved down as far as it would else be written over another."""
    placed: list[tuple[float, float, str]] = []
    for x, y, name in sorted(labels, key=lambda label: label[1]):
        for other_x, other_y, other in sorted(placed, key=lambda label: label[1]):
            reach = (len(name) + len(other)) / 2 * LETTER_WIDTH
            if abs(x - other_x) < reach and y - other_y < LETTER_HEIGHT:
                y = other_y + LETTER_HEIGHT
        placed.append((x, y, name))
    return placed


def _circles(incidents: Iterable[Incident], at, words: Words) -> Iterator[str]:
    drawn = [i for i in incidents if i.lat is not None and i.lon is not None and (i.precision or 9) <= DRAWN_PRECISION_MAX]
    places: dict[tuple[int, int], list[Incident]] = {}
    for per_degree in TOGETHER_PER_DEGREE:
        places = {}
        for incident in drawn:
            places.setdefault((round(incident.lat * per_degree), round(incident.lon * per_degree)), []).append(incident)
        if len(places) <= CIRCLES_MAX:
            break
    for told in sorted(places.values(), key=len, reverse=True):
        lat, lon = sum(i.lat for i in told) / len(told), sum(i.lon for i in told) / len(told)
        x, y = at(lon, lat)
        surest = max((list(Grade).index(incident.grade) for incident in told if incident.grade), default=0)
        place = next((clean(incident.place) for incident in told if incident.place), f"{lat:.2f}, {lon:.2f}")
        title = words("incidents_here", place, len(told))
        radius = min(26, 3 + 2.4 * sqrt(len(told)))
        yield (
            f'<circle class="incident g-{list(Grade)[surest]}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
            f"<title>{escape(title)}</title></circle>"
        )


def days_chart(rows: Mapping[str, list[Day]], names: Mapping[str, str], times: Times, words: Words) -> Markup:
    """Days as coloured cells, a row a zone, for a picture that stands alone."""
    numbers = sorted({day.day for days in rows.values() for day in days if day.day >= 0})
    if not numbers:
        return Markup("")
    size, left, top = 26, 170, 40
    width, height = left + len(numbers) * (size + 2) + 10, top + len(rows) * (size + 4) + 10
    mirrored = words.direction == "rtl"
    column = {number: left + place * (size + 2) for place, number in enumerate(numbers)}
    inner = [SIGNS]
    step = max(1, len(numbers) // 24 + 1)
    days_of_head = {day.day: day for days in rows.values() for day in days}
    for number in numbers[::step]:
        x = _flip(column[number] + size / 2, width, mirrored)
        inner.append(f'<text class="tick" x="{x:.1f}" y="16" text-anchor="middle">{number + 1}</text>')
        if step > 1 or len(numbers) < LABELS_MAX or number % 3 == 0:
            date = escape(times.date(days_of_head[number].starts))
            inner.append(f'<text class="tick" x="{x:.1f}" y="31" text-anchor="middle">{date}</text>')
    for row, (zone, days) in enumerate(rows.items()):
        y = top + row * (size + 4)
        x = _flip(left - 8, width, mirrored)
        anchor = "start" if mirrored else "end"
        inner.append(f'<text class="name" x="{x}" y="{y + 17}" text-anchor="{anchor}">{escape(names[zone])}</text>')
        for day in days:
            if day.day >= 0:
                x = _flip(column[day.day] + size / 2, width, mirrored) - size / 2
                inner.append(f'<rect class="o-{day.outcome}" x="{x:.1f}" y="{y}" width="{size}" height="{size}" rx="5"/>')
                inner.append(f'<use class="sign" href="#s-{day.outcome}" x="{x:.1f}" y="{y}" width="{size}" height="{size}"/>')
    return _svg(width, height, words("days"), inner, "chart")


def _flip(x: float, width: float, mirrored: bool) -> float:
    return width - x if mirrored else x


def _axes(frame: Frame, ticks: list[float], days: list[Day], times: Times) -> Iterator[str]:
    for tick in ticks:
        y = frame.y(tick)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    step = len(days) // LABELS_MAX + 1
    for day in days[::step]:
        x = frame.x(day.day)
        yield f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 25}" text-anchor="middle">{day.day + 1}</text>'
        yield f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(times.date(day.ends))}</text>'


def _ticks(most: float) -> list[float]:
    """Round values from nothing to a little over the most."""
    step = 1.0
    while most / step > 5:
        step *= 2.5 if str(step).startswith("2") else 2
    return [step * number for number in range(int(most / step) + 2)]


def _path(points: list[tuple[float, float]]) -> str:
    if len(points) == 1:
        points = [points[0], points[0]]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _svg(width: int, height: int, label: str, inner: Iterable[str], kind: str, role: str = "img") -> Markup:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" viewBox="0 0 {width} {height}" role="{role}"'
    return Markup(f'{head} aria-label="{escape(label)}">{"".join(inner)}</svg>')


_SIGN = {
    "quiet": '<path d="M7 13.5l4 4 8-9"/>',
    "violent": '<path d="M8 8l10 10M18 8L8 18"/>',
    "denied": '<circle cx="13" cy="13" r="6.5"/><path d="M8.5 17.5l9-9"/>',
    "contested": '<path d="M9.5 10a3.5 3.5 0 1 1 5.2 3c-1.2.7-1.7 1.3-1.7 2.5M13 18.6v.2"/>',
    "unknown": '<path d="M8 13h10"/>',
    "pending": '<path d="M9 13h.2M13 13h.2M17 13h.2"/>',
    "void": '<path d="M8 18L18 8"/>',
    "before": "",
}
SIGNS = "<defs>" + "".join(f'<symbol id="s-{o}" viewBox="0 0 26 26">{sign}</symbol>' for o, sign in _SIGN.items()) + "</defs>"
"""The sign of each outcome, so that none is told by colour alone."""

_PATTERN = {
    "violent": '<path d="M0 0l8 8M8 0l-8 8"/>',
    "denied": '<path d="M0 4h8"/>',
    "contested": '<path d="M0 8l8-8M-2 2l4-4M6 10l4-4"/>',
    "unknown": '<circle cx="4" cy="4" r="1"/>',
    "quiet": "",
    "pending": "",
    "void": '<path d="M4 0v8"/>',
    "before": "",
}
PATTERNS = (
    "<defs>"
    + "".join(
        f'<pattern id="p-{outcome}" width="8" height="8" patternUnits="userSpaceOnUse"><g class="hatch">{mark}</g></pattern>'
        for outcome, mark in _PATTERN.items()
    )
    + "</defs>"
)

STYLE = """
text{font-family:"DejaVu Sans","Noto Sans","Noto Sans Arabic","Liberation Sans",Arial,sans-serif;font-size:11px;fill:#3c4650}
.name,.zone-name{font-size:12px;fill:#14202b}.zone-name{font-weight:600;stroke:#fff;stroke-width:3px;paint-order:stroke}
.grid{stroke:#dfe5ea;fill:none}.band{fill:#0b6bb8;fill-opacity:.16}.line{fill:none;stroke:#0b6bb8;stroke-width:2.5}
.limit{fill:none;stroke:#b4390a;stroke-width:1.5;stroke-dasharray:6 4}
.limit-label{fill:#b4390a;stroke:#fff;stroke-width:3px;paint-order:stroke}
.point{fill:#fff;stroke:#0b6bb8;stroke-width:2}.above{stroke:#b4390a}.land{fill:#e8ecef}
.o-quiet{fill:#4f9dd9}.o-violent{fill:#e5673a}.o-denied{fill:#cb7fb6}.o-contested{fill:#e9b23c}.o-unknown{fill:#b3bdc7}
.o-pending{fill:#eef2f5;stroke:#8a97a3;stroke-dasharray:3 2}.o-void{fill:#dfe5ea;stroke:#8a97a3}.o-before{fill:#eef2f5}
.sign,.sign *{fill:none;stroke:#14202b;stroke-width:2.2;stroke-linecap:round}
.hatch *{fill:none;stroke:#14202b;stroke-opacity:.35}.zone path{stroke:#fff;stroke-width:1.5}.zone .p{stroke:none}
.incident{fill:#14202b;fill-opacity:.5;stroke:#fff}.g-weak{fill:none;stroke:#14202b;stroke-width:1.5}.g-confirmed{fill-opacity:.9}
"""
"""For a chart that stands alone, on white."""

__all__ = ["DRAWN_PRECISION_MAX", "PATTERNS", "SIGNS", "STYLE", "WEEK_DAYS", "days_chart", "level_chart", "map_chart", "week_of"]
