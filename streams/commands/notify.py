"""`truce notify`: a webhook for those who have no Kafka."""

import asyncio
import re
import signal
from pathlib import Path
from urllib.parse import urlsplit

import click

from streams.logs import quieten
from streams.notify import Notifier, NotifyError, Pace, secret_of
from streams.settings import load


@click.command()
@click.argument("url")
@click.option(
    "--secret", "secret_file", required=True, type=click.Path(path_type=Path), help="A file with the shared secret, base64."
)
@click.option("--name", default="webhook", show_default=True, help="Under what its position is kept; one for each receiver.")
@click.option("--truce", "truce", metavar="ID", help="Of this truce alone.")
@click.option("--from-now", is_flag=True, help="Where no position is kept: begin with what comes, not with what was.")
@click.option("--retry-first", type=click.FloatRange(min=0.01), default=1.0, show_default=True, help="Seconds to the second try.")
@click.option("--retry-most", type=click.FloatRange(min=0.01), default=300.0, show_default=True, help="The longest wait.")
def notify(
    url: str, secret_file: Path, name: str, truce: str | None, from_now: bool, retry_first: float, retry_most: float
) -> None:
    """Send every change of phase to URL, signed, in order, and at least once, until Ctrl-C.

    A change is sent again until it is answered with 200 to 299; only then is the next one sent. Receivers act once on an id.
    """
    if not _is_address(url):
        raise click.UsageError(f"{url!r} is no address; it begins with https:// or http:// and names a host")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name):
        raise click.UsageError("--name: letters, digits, '.', '_' and '-'")
    quieten("warning")
    try:
        secret = secret_of(secret_file.read_text("utf-8", "replace"))
        pace = Pace(retry_first, retry_most)
        notifier = Notifier(load(), url, secret, name, truce=truce, pace=pace, say=lambda line: click.echo(line, err=True))
        asyncio.run(_until_stopped(notifier, from_now))
    except OSError as fault:
        raise click.ClickException(f"{secret_file}: {fault.strerror}") from None
    except NotifyError as fault:
        raise click.ClickException(str(fault)) from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return False


async def _until_stopped(notifier: Notifier, from_now: bool) -> None:
    running = asyncio.current_task()
    assert running is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await notifier.run(from_now)
    except asyncio.CancelledError:
        return


__all__ = ["notify"]
