"""The board's server: pages, their parts, JSON behind every number, and a stream that says what has changed.

It reads the public topics and holds everything in memory; it writes nothing anywhere. Whoever may reach it sees it, so
it listens on this machine alone unless told otherwise.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import Any

from aiohttp import web

from streams.board import api, page
from streams.board.reading import Message
from streams.board.view import Change, TruceView, View

SETTLE_S = 0.03
"""How long changes are gathered before readers are told: what one transaction wrote comes in several pieces."""
ALIVE_S = 15.0
"""How often a silent stream says that it is alive."""

HEADERS = {
    "Content-Security-Policy": page.POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Board:
    """What the server knows, and who listens."""

    def __init__(self) -> None:
        self.view = View()
        self.ready = False
        self._listeners: set[asyncio.Queue[Change]] = set()

    def take(self, messages: Iterable[Message]) -> None:
        for change in set(self.view.take_all(messages)):
            for listener in self._listeners:
                listener.put_nowait(change)

    async def read(self, batches: AsyncIterator[tuple[list[Message], bool]]) -> None:
        async for messages, ready in batches:
            self.take(messages)
            if ready and not self.ready:
                self.ready = True
                # What has been read stays: the collector need not walk through it again and again.
                gc.collect()
                gc.freeze()

    async def changes(self, truce: str | None) -> AsyncIterator[list[Change]]:
        """What changed since the last time, gathered; nothing every so often, so that the line is known to stand."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                found: set[Change] = set()
                with suppress(TimeoutError):
                    found.add(await asyncio.wait_for(queue.get(), ALIVE_S))
                    await asyncio.sleep(SETTLE_S)
                while not queue.empty():
                    found.add(queue.get_nowait())
                yield sorted(change for change in found if truce is None or change.truce == truce)
        finally:
            self._listeners.discard(queue)


BOARD = web.AppKey("board", Board)


def application(board: Board) -> web.Application:
    app = web.Application(middlewares=[_guarded])
    app[BOARD] = board
    app.add_routes(
        [
            web.get("/", _choose),
            web.get("/live", _live),
            web.get("/api/openapi.json", _document),
            web.get("/api/events", _events),
            *(web.get(path, _api(answer)) for path, answer in api.ANSWERS.items()),
            web.get("/{language:en|ar}/", _start),
            web.get("/{language:en|ar}/{truce}", _page),
            web.get("/{language:en|ar}/{truce}/part/{part}", _part),
            web.get("/{language:en|ar}/{truce}/day/{zone}/{day:-?[0-9]{1,6}}", _day),
        ]
    )
    return app


@web.middleware
async def _guarded(request: web.Request, handler: Callable) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
        response.enable_compression()
    return response


async def _choose(request: web.Request) -> web.Response:
    wanted = request.headers.get("Accept-Language", "").lower()
    raise web.HTTPFound("/ar/" if wanted.startswith("ar") else "/en/")


async def _document(request: web.Request) -> web.Response:
    return _json(api.OPENAPI)


async def _live(request: web.Request) -> web.Response:
    return web.Response(text="ready" if request.app[BOARD].ready else "reading")


async def _start(request: web.Request) -> web.Response:
    board, language = request.app[BOARD], request.match_info["language"]
    listed = board.view.listed()
    if len(listed) == 1 and board.ready:
        raise web.HTTPFound(f"/{language}/{listed[0].id}")
    return _html(page.list_of_truces(board.view, language, board.ready))


async def _page(request: web.Request) -> web.Response:
    return _html(
        page.whole_page(request.app[BOARD].view, _truce(request), request.match_info["language"], request.query, _now_s())
    )


async def _part(request: web.Request) -> web.Response:
    name = request.match_info["part"]
    if name not in page.PARTS:
        raise web.HTTPNotFound
    return _html(page.part(_truce(request), name, request.match_info["language"], request.query, _now_s()))


async def _day(request: web.Request) -> web.Response:
    truce = _truce(request)
    day = truce.days.get((request.match_info["zone"], int(request.match_info["day"])))
    if day is None:
        raise web.HTTPNotFound
    return _html(page.day_card(truce, day, request.match_info["language"]))


def _api(answer: Callable[[Any, web.Request], Any]) -> Callable:
    async def handle(request: web.Request) -> web.Response:
        found = answer(request.app[BOARD].view, request.match_info, request.query)
        if found is None:
            raise web.HTTPNotFound
        return _json(found)

    return handle


async def _events(request: web.Request) -> web.StreamResponse:
    """Server-sent events: which parts of which truce are other than they were. A new listener is told to look at all."""
    truce = request.query.get("truce")
    response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
    await response.prepare(request)
    board = request.app[BOARD]
    with suppress(ConnectionError):
        await response.write(b"retry: 1000\n\n")
        async for changes in board.changes(truce):
            if not changes:
                await response.write(b": alive\n\n")
            for id in sorted({change.truce for change in changes}):
                topics = {change.part for change in changes if change.truce == id}
                await response.write(api.event(board.view, id, topics))
    return response


def _now_s() -> int:
    return int(time.time())


def _truce(request: web.Request) -> TruceView:
    truce = request.app[BOARD].view.truces.get(request.match_info["truce"])
    if truce is None or truce.terms is None:
        raise web.HTTPNotFound
    return truce


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8")


def _json(body: Any) -> web.Response:
    return web.Response(body=api.encode(body), content_type="application/json")


__all__ = ["Board", "application"]
