"""The three pages: /metrics, /live, /ready; and how Prometheus finds them where the port is any free one."""

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import prometheus_client
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.metrics.families import REGISTRY

Judgement = Callable[[], str | None]
"""What is wrong, in one line; None where nothing is."""


async def serve(host: str, port: int, live: Judgement, ready: Judgement) -> tuple[web.AppRunner, int]:
    """Serve the three pages. Returns the server, to be cleaned up, and its port (any free one where `port` is 0)."""
    # The time of creation of every counter doubles the page and is asked for by none of our queries.
    prometheus_client.disable_created_metrics()

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def answer(judge: Judgement) -> Callable:
        async def page(_: web.Request) -> web.Response:
            wrong = judge()
            return web.Response(text="ok\n" if wrong is None else f"{wrong}\n", status=200 if wrong is None else 503)

        return page

    pages = web.Application()
    pages.add_routes([web.get("/metrics", metrics), web.get("/live", answer(live)), web.get("/ready", answer(ready))])
    runner = web.AppRunner(pages, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, runner.addresses[0][1]


@contextmanager
def announced(folder: str | None, stage: str, host: str, port: int) -> Iterator[None]:
    """A file for Prometheus' `file_sd_configs` in this folder for as long as the process lives.

    A process that ends as told takes its file along. One that is killed leaves it, so that its target is seen to be down,
    until another process starts and finds that nobody holds it.
    """
    if folder is None:
        yield
        return
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for other in place.glob("truce-*.json"):
        _remove_if_free(other)
    path = place / f"truce-{stage}-{os.getpid()}.json"
    hidden = path.with_suffix(".new")
    with hidden.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(orjson.dumps([{"targets": [f"{host}:{port}"], "labels": {"stage": stage}}]))
        file.flush()
        hidden.rename(path)
        yield
        path.unlink(missing_ok=True)


def _remove_if_free(path: Path) -> None:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except (BlockingIOError, FileNotFoundError):
        return


__all__ = ["Judgement", "announced", "serve"]
