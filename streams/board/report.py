"""The situation report: the page as one file that asks nobody for anything, and its charts as PNG pictures.

It is drawn from the same messages by the same hand as the page, so that its numbers are those of the topics.
"""

from pathlib import Path

import resvg_py

from streams.board import charts, files, page
from streams.board.telling import Telling
from streams.board.view import TruceView, View
from streams.board.words import Words

PICTURE_ZOOM = 2.0


def write(view: View, folder: Path, language: str, truce: str | None = None) -> list[Path]:
    """A page and its charts for every truce, or for one; the paths that were written. Raises `NothingToWrite`."""
    return files.write(view, folder, truce, lambda found: _files(found, language))


def _files(truce: TruceView, language: str) -> dict[str, bytes]:
    stem = f"{truce.id}.{language}"
    drawn = {f"{stem}.{name}.png": picture(svg) for name, svg in drawings(truce, language).items()}
    return {f"{stem}.html": page.report_page(truce, language).encode()} | drawn


def drawings(truce: TruceView, language: str) -> dict[str, str]:
    """The charts by name: the days of the gated zones, the level of each, and the map where there is one."""
    words = Words(language)
    tell = Telling(truce, words)
    drawn = {"days": charts.days_chart({zone: truce.days_of(zone) for zone in truce.gated}, tell.zone_names, tell.times, words)}
    for zone in truce.gated:
        days = [day for day in truce.days_of(zone) if day.day >= 0]
        drawn[f"level-{zone}"] = charts.level_chart(days, tell.times, tell.zone_name(zone), words)
    mapped = page.map_of(truce, tell)
    if mapped is not None:
        drawn["map"] = mapped[0]
    return {name: str(svg) for name, svg in drawn.items() if svg}


def picture(svg: str) -> bytes:
    """A chart as PNG, on white."""
    styled = svg.replace(">", f"><style>{charts.STYLE}</style>", 1)
    return resvg_py.svg_to_bytes(svg_string=styled, zoom=PICTURE_ZOOM, background="#ffffff")


__all__ = ["drawings", "picture", "write"]
