"""`truce broker`: a real Kafka for a first look, with nothing to install by hand."""

import signal
import threading
from pathlib import Path

import click

from streams.broker import Broker, BrokerError

PORT = 9092
POLL_S = 0.5


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="Port on 127.0.0.1; 0 takes a free one."
)
@click.option(
    "--data", "data_dir", type=click.Path(path_type=Path, file_okay=False), help="Keep the data here; else they go at the end."
)
def broker(port: int, data_dir: Path | None) -> None:
    """Run a single Apache Kafka 4.3.1 on this machine until Ctrl-C. It takes no passwords and listens on 127.0.0.1 only."""
    told_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_stop.set())
    click.echo("starting Apache Kafka …", err=True)
    with Broker(data_dir, port, say=lambda line: click.echo(line, err=True)) as running:
        click.echo(running.bootstrap)
        click.echo("Ctrl-C stops it", err=True)
        while not told_to_stop.wait(POLL_S):
            if not running.running:
                raise BrokerError(f"the broker ended by itself; see {running.log_path}")
