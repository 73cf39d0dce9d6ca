"""A board that is served from a thread of its own, and a browser to look at it with."""

import asyncio
import shutil
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page, sync_playwright

from streams.board.reading import Message
from streams.board.server import Board, application

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium")
FLAGS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
"""No sandbox, for tests run as root in containers. No name but our own address leads anywhere."""


class Served:
    """`url` is where it is; `take` gives it messages, as if they had just been published."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.board = Board()
        self.board.take(messages)
        self.board.ready = True
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> "Served":
        self._thread.start()
        self._runner = web.AppRunner(application(self.board), shutdown_timeout=0.1)
        self._do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def take(self, messages: Iterable[Message]) -> None:
        done: Future[None] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(self.board.take(messages)))
        done.result(30)

    async def _start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def _do(self, what) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(30)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's own; nothing is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """Notes what a page asks for and complains about."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def assert_clean(self, url: str) -> None:
        """Nothing was asked of anybody but the board (what is inside the page itself is not asked of anybody)."""
        assert [asked for asked in self.asked if not asked.startswith((url, "data:"))] == []
        assert self.complaints == []


__all__ = ["Served", "Watched", "chromium", "needs_browser"]
