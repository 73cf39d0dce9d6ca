"""`truce board`: the page, live, from the public topics."""

import asyncio
import signal

import click
from aiohttp import web

from streams.board.reading import follow
from streams.board.server import Board, application
from streams.clients import BrokerProblem
from streams.logs import quieten
from streams.settings import load


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="The port; 0 for a free one.")
def board(host: str, port: int) -> None:
    """Show the truces in a browser, as they are, until Ctrl-C.

    It reads what the public topics hold and nothing else: anybody may see it. Put a web server in front of it to serve it
    to others.
    """
    quieten("warning")
    asyncio.run(_serve(host, port))


async def _serve(host: str, port: int) -> None:
    shown = Board()
    runner = web.AppRunner(application(shown), access_log=None, shutdown_timeout=1.0)
    reading = asyncio.create_task(shown.read(follow(load())))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, reading.cancel)
    await runner.setup()
    try:
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
        except OSError as fault:
            raise BrokerProblem(f"{host}:{port} cannot be listened on: {fault.strerror}") from None
        bound = runner.addresses[0][1]
        click.echo(f"the board is at http://{host}:{bound}/ (Ctrl-C stops it)")
        try:
            await reading
        except asyncio.CancelledError:
            return
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        await runner.cleanup()


__all__ = ["board"]
