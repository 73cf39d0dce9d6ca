"""The page: its parts as HTML, from a truce's view. The same parts make the report.

Everything is drawn here, so that the page works without scripts, and the script only fetches again what has changed. All
text is escaped by the templates; style and script stand in the page, and the content policy names them by their digests.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from schemas.facts import Day, Incident
from schemas.reasons import WHOLE, Grade, Outcome
from streams.board import charts, figures
from streams.board.shapes import Shapes, shapes
from streams.board.telling import Telling
from streams.board.view import SETTLED, TruceView, View
from streams.board.words import LANGUAGES, Words

FOLDER = Path(__file__).parent
ROWS = 20
"""How many incidents are shown at first, and how many more each time."""
ROWS_MAX = 1_000
ROWS_OF_A_REPORT = 200
WEEK_S = 7 * 86_400
STILL_S = 2 * 3_600
"""Levels are restated every hour: a live truce whose last one is older than this has no clock any more."""

PARTS: dict[str, frozenset[str]] = {
    "phase": frozenset({"terms", "phases", "levels", "days"}),
    "days": frozenset({"terms", "days", "phases"}),
    "levels": frozenset({"terms", "days", "levels"}),
    "map": frozenset({"terms", "days", "incidents"}),
    "incidents": frozenset({"terms", "incidents"}),
    "heard": frozenset({"terms", "days"}),
    "disagreement": frozenset({"terms", "levels"}),
    "changes": frozenset({"terms", "phases"}),
    "about": frozenset({"terms"}),
}
"""The parts of the page in their order, each with the topics that it is drawn from."""

_environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["clean"] = figures.clean
STYLE = (FOLDER / "style.css").read_text("utf-8")
SCRIPT = (FOLDER / "page.js").read_text("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_digest(STYLE)}",
        f"script-src {_digest(SCRIPT)}",
        "img-src data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing is loaded from anywhere; the one style and the one script are those of this release, to the byte."""
POLICY_OF_A_FILE = "; ".join(
    ("default-src 'none'", f"style-src {_digest(STYLE)}", f"script-src {_digest(SCRIPT)}", "img-src data:")
)
"""For a report, which asks nobody for anything. (A page cannot forbid frames by itself.)"""


def whole_page(view: View, truce: TruceView, language: str, query: Mapping[str, str], now_s: int) -> str:
    """The page of one truce. `now_s`, seconds since 1970, only tells whether a live truce's clock has stopped."""
    scene = _scene(truce, language, query, now_s)
    parts = {name: _draw(name, scene) for name in PARTS}
    return _environment.get_template("page.html").render(scene | {"parts": parts, "truces": view.listed(), "view": view})


def part(truce: TruceView, name: str, language: str, query: Mapping[str, str], now_s: int) -> str:
    """One part of it, to put in the place of the one that is there."""
    return _draw(name, _scene(truce, language, query, now_s))


def day_card(truce: TruceView, day: Day, language: str) -> str:
    """What is known of one day of one zone."""
    return _environment.get_template("day.html").render(_scene(truce, language, {}) | {"day": day})


def list_of_truces(view: View, language: str, ready: bool) -> str:
    """Where there is not one truce to show: all of them, or that there is none."""
    words = Words(language)
    tellings = [Telling(truce, words) for truce in view.listed()]
    scene = _common(words) | {"tellings": tellings, "ready": ready, "truces": view.listed(), "view": view}
    return _environment.get_template("truces.html").render(scene)


def report_page(truce: TruceView, language: str) -> str:
    """The same as one file, which asks nobody for anything."""
    scene = _scene(truce, language, {"rows": str(ROWS_OF_A_REPORT)}) | {"is_file": True, "policy": POLICY_OF_A_FILE}
    parts = {name: _draw(name, scene) for name in PARTS}
    return _environment.get_template("page.html").render(scene | {"parts": parts, "truces": [truce], "view": None})


def _draw(name: str, scene: dict[str, Any]) -> Markup:
    return Markup(_environment.get_template(f"{name}.html").render(scene))


def _common(words: Words) -> dict[str, Any]:
    return {
        "words": words,
        "languages": LANGUAGES,
        "style": Markup(STYLE),
        "script": Markup(SCRIPT),
        "figures": figures,
        "outcomes": list(Outcome),
        "signs": Markup(charts.SIGNS),
        "is_file": False,
        "policy": None,
    }


def _scene(truce: TruceView, language: str, query: Mapping[str, str], now_s: int | None = None) -> dict[str, Any]:
    words = Words(language)
    is_live = now_s is not None and not truce.values.get("truce", {}).get("simulated", False)
    return _common(words) | {
        "truce": truce,
        "tell": Telling(truce, words),
        "settled": SETTLED,
        "charts": charts,
        "whole": WHOLE,
        "wanted": Wanted(query),
        "listed": lambda wanted: listed(truce, wanted),
        "map": lambda tell: map_of(truce, tell),
        "grades": list(Grade),
        "stands_still": is_live and (truce.clock_s or now_s) < now_s - STILL_S,
    }


def whole(text: str | None) -> int | None:
    """A whole number as a query has it; None for anything else, and for what is longer than any that makes sense."""
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]{1,6}", text) else None


class Wanted:
    """Which incidents are asked for. What makes no sense is taken for not asked."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.zone = query.get("zone") or None
        self.grade = query.get("grade") if query.get("grade") in list(Grade) else None
        self.status = query.get("status") if query.get("status") in ("live", "withdrawn") else None
        self.day = whole(query.get("day"))
        self.all = (self.zone, self.grade, self.status, self.day) == (None, None, None, None)
        rows = whole(query.get("rows"))
        self.rows = ROWS if rows is None else min(max(1, rows), ROWS_MAX)

    def fits(self, incident: Incident, span: tuple[int, int] | None) -> bool:
        if self.status is not None and incident.status != self.status:
            return False
        if self.grade is not None and incident.grade != self.grade:
            return False
        if self.zone is not None and self.zone != WHOLE and self.zone not in incident.possible:
            return False
        if span is None:
            return True
        return (
            incident.starts is not None and incident.starts < span[1] and max(incident.ends or 0, incident.starts + 1) > span[0]
        )


def found(truce: TruceView, wanted: Wanted) -> Iterator[Incident]:
    """The incidents that fit, newest first."""
    if wanted.all:
        return truce.newest()
    day = None if wanted.day is None else next((d for (_, number), d in truce.days.items() if number == wanted.day), None)
    span = None if day is None else (day.starts, day.ends)
    return (incident for incident in truce.newest() if wanted.fits(incident, span))


def listed(truce: TruceView, wanted: Wanted) -> tuple[int, list[Incident]]:
    """How many fit, and as many of them as are wanted; without looking at all of them where all fit."""
    if wanted.all:
        return len(truce.incidents), list(islice(truce.newest(), wanted.rows))
    fitting = list(found(truce, wanted))
    return len(fitting), fitting[: wanted.rows]


@cache
def _shapes(key: tuple[str, str]) -> list[Shapes | None]:
    """A place to keep the shapes of some terms in, by truce and hash: they are made once."""
    return []


def shapes_of(truce: TruceView) -> Shapes | None:
    if truce.terms is None:
        return None
    kept = _shapes((truce.id, truce.terms.hash))
    if not kept:
        kept.append(shapes(truce.values.get("zones", []), truce.values.get("truce", {}).get("countries", [])))
    return kept[0]


def last_week(truce: TruceView) -> list[Incident]:
    """Live incidents that began in the seven days that end with the hour that the truce's clock is in."""
    until = truce.clock_s or 0
    return [i for i in truce.since(until - WEEK_S) if i.status == "live" and (i.starts or 0) < until]


def map_of(truce: TruceView, tell: Telling) -> tuple[Markup, int, bool] | None:
    """The map, how many incidents are too vague to be on it, and whether its shapes are made from places."""
    drawn = shapes_of(truce)
    if drawn is None:
        return None
    recent = last_week(truce)
    vague = sum((incident.precision or 9) > charts.DRAWN_PRECISION_MAX for incident in recent)
    settled = {zone: truce.last_settled(zone) for zone in truce.zones}
    return charts.map_chart(drawn, settled, tell.zone_names, recent, tell.words), vague, drawn.hexagons


__all__ = [
    "PARTS",
    "POLICY",
    "ROWS",
    "ROWS_MAX",
    "Wanted",
    "day_card",
    "found",
    "last_week",
    "list_of_truces",
    "map_of",
    "part",
    "report_page",
    "shapes_of",
    "whole",
    "whole_page",
]
