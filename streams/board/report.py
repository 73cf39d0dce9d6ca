"""The situation report: the page as one file that asks nobody for anything, and its charts as PNG pictures.

It is drawn from the same messages by the same hand as the page, so that its numbers are those of the topics.
"""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import resvg_py

from streams.board import charts, page
from streams.board.reading import Message
from streams.board.telling import Telling
from streams.board.view import TruceView, View
from streams.board.words import Words

PICTURE_ZOOM = 2.0


class ReportError(ValueError):
    """There is nothing to report, or nowhere to put it; the message says which, in one line."""


def fold(messages: Iterable[Message]) -> View:
    """The picture of a finished set of messages."""
    view = View()
    for message in messages:
        view.take(*message)
    return view


async def now(followed: AsyncIterator[tuple[list[Message], bool]]) -> View:
    """The picture of what the topics hold at this moment."""
    view = View()
    async for messages, is_all in followed:
        for message in messages:
            view.take(*message)
        if is_all:
            break
    return view


def write(view: View, folder: Path, language: str, truce: str | None = None) -> list[Path]:
    """A page and its charts for every truce, or for one; the paths that were written. Raises `ReportError`."""
    listed = [found for found in view.listed() if truce in (None, found.id)]
    if not listed:
        known = ", ".join(found.id for found in view.listed()) or "none"
        raise ReportError(f"there is no truce {truce!r}; there are: {known}" if truce else "no truce has been published yet")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for found in listed:
        stem = f"{found.id}.{language}"
        contents = {f"{stem}.html": page.report_page(found, language).encode()}
        contents |= {f"{stem}.{name}.png": picture(drawn) for name, drawn in drawings(found, language).items()}
        for name, content in contents.items():
            (folder / name).write_bytes(content)
            written.append(folder / name)
    return written


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


__all__ = ["ReportError", "drawings", "fold", "now", "picture", "write"]
