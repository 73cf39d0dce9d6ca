"""`truce demo`: one truce told twice, on a real Kafka, with nothing to install by hand."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import click
import msgspec
import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from schemas.facts import Evidence, Incident, PhaseChange
from schemas.reasons import Phase
from schemas.topics import DAYS, EVIDENCE, INCIDENTS
from streams.broker import BrokerError
from streams.core.clock import settled_at
from streams.core.terms import Terms
from streams.demo.following import Follower
from streams.demo.staging import REPORT_PARTITIONS, Stage, Telling, prepare
from streams.scenarios import SCENARIOS, terms_of, topic_of
from streams.settings import Settings, load
from streams.words import change_line, day_table, incident_line, legend, local, several

SPEED = 90_000
"""A day of the story a second: slow enough to watch, and over in a quarter of a minute."""
STUCK_AFTER_S = 60.0
TITLES = {"as-it-happened": "as it happened", "as-agreed": "as agreed"}
STORIES = {"tharda": "Strike on soldiers near Deir ez-Zor", "convoy": "Aid convoy at Urum al-Kubra"}
"""What the ids of reports about it have in them, and what it was."""

INTRO = (
    "[bold]One truce, told twice.[/bold] Syria, September 2016: when violence stays low and aid gets in for seven days, "
    "the next phase of the agreement begins. Once as it happened, once as it might have been. "
    "The events are public facts; the reports of them are invented.\n"
)
NEXT = (
    "Try next: [bold]uv run truce demo --board[/bold] shows the same in a browser, as it goes; "
    "[bold]--keep[/bold] leaves it running and says how to look around in it."
)


class Story(NamedTuple):
    """One scenario on its way: what is told, and under what terms."""

    name: str
    terms: Terms
    telling: Telling
    first_s: int
    last_tick_s: int

    @property
    def truce(self) -> str:
        return self.terms.truce.id


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed moves minutes and places, not the story.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object, and hurry.")
@click.option("--keep", is_flag=True, help="At the end, leave broker and worker running until Ctrl-C.")
@click.option("--board", is_flag=True, help="Show it in a browser as it goes, and stay until Ctrl-C.")
@click.option(
    "--to-broker", is_flag=True, help="Only tell the stories, to the broker of the settings; a worker is running there."
)
def demo(seed: int, as_json: bool, keep: bool, board: bool, to_broker: bool) -> None:
    """Watch two truces being decided: starts a Kafka of its own and a worker, tells both stories, stops everything.

    The first start fetches Apache Kafka (45 MB).
    """
    console = Console(stderr=as_json, highlight=False)
    if to_broker:
        _tell_to(load(), seed, console)
        return
    began = time.monotonic()
    if not as_json:
        console.print(INTRO)
    with _stopped_by_a_signal(console) as told_to_stop, _started(console, told_to_stop) as stage:
        console.print(f"Apache Kafka is running on {stage.settings.bootstrap}", style="dim")
        stories = _stories(stage.settings, seed, None if as_json else SPEED)
        stage.prepare([story.telling.topic for story in stories], [story.terms for story in stories])
        stage.start_worker()
        if board:
            console.print(f"Open [bold]{stage.start_board()}[/bold] to see it as it goes", highlight=False)
        with Follower(stage.settings) as follower:
            _tell(stage, follower, stories, console)
            if as_json:
                results = _results(follower, stories) | {"seed": seed, "seconds": round(time.monotonic() - began, 1)}
                click.echo(orjson.dumps(results | ({"bootstrap": stage.settings.bootstrap} if keep else {})))
            else:
                _show(follower, stories, console)
        if keep or board:
            _wait(stage, console)
        elif not as_json:
            console.print(NEXT)


@contextmanager
def _started(console: Console, told_to_stop: threading.Event) -> Iterator[Stage]:
    """A stage with its broker running, and a sign of life until it does: the first time, Kafka is fetched."""
    with ExitStack() as stack:
        console.print("starting Apache Kafka …", style="dim")
        with console.status("", spinner="line"):
            stage = stack.enter_context(Stage(lambda line: console.print(line, style="dim"), told_to_stop))
        yield stage


def _tell_to(settings: Settings, seed: int, console: Console) -> None:
    """Publish terms and reports of both stories, at the pace of the demo, and say when all of it is there."""
    stories = _stories(settings, seed, SPEED)
    prepare(settings, [story.telling.topic for story in stories], [story.terms for story in stories])
    for story in stories:
        story.telling.start()
    for story in stories:
        story.telling.join()
        if story.telling.failure is not None:
            raise story.telling.failure
        console.print(f"{story.truce}: {several(story.telling.counts.reports, 'report')} published to {story.telling.topic}")


def _stories(settings: Settings, seed: int, speed: float | None) -> list[Story]:
    stories = []
    for name, scenario in SCENARIOS.items():
        arrivals, terms = list(scenario(seed)), terms_of(name)
        telling = Telling(settings, topic_of(name), terms, arrivals, speed)
        last_tick_s = settled_at(arrivals[-1].received_at, [terms])
        stories.append(Story(name, terms, telling, arrivals[0].received_at, last_tick_s))
    return stories


def _tell(stage: Stage, follower: Follower, stories: list[Story], console: Console) -> None:
    """Wait for the worker, publish, and show every change of phase as it is decided, until all is decided."""
    by_truce = {story.truce: story for story in stories}
    with _progress(console) as progress:
        waiting = progress.add_task("starting the worker", total=None, clock="")
        _follow(stage, follower, lambda: follower.is_working(story.terms.truce.partition for story in stories))
        progress.remove_task(waiting)
        bars = {
            story.truce: progress.add_task(TITLES[story.name], total=story.last_tick_s - story.first_s, clock="")
            for story in stories
        }

        def all_is_decided() -> bool:
            for story in stories:
                told_s = max(story.first_s, story.telling.counts.last_s)
                clock = local(told_s, story.terms)
                progress.update(bars[story.truce], completed=told_s - story.first_s, clock=clock)
                if story.telling.failure is not None:
                    raise story.telling.failure
            return all(
                follower.is_through(s.terms.truce.partition, s.telling.topic, REPORT_PARTITIONS, s.last_tick_s) for s in stories
            )

        def show(change: PhaseChange) -> None:
            story = by_truce[change.truce]
            console.print(change_line(f"{TITLES[story.name]:14}", change, story.terms))

        for story in stories:
            story.telling.start()
        try:
            _follow(stage, follower, all_is_decided, show)
            for change in follower.catch_up():
                show(change)
        finally:
            for story in stories:
                story.telling.stop()
                story.telling.join(5)


def _follow(stage: Stage, follower: Follower, is_done: Any, show: Any = lambda change: None) -> None:
    """Poll until it is done.

    Raises `BrokerError` where nothing has come for a minute, or the worker or broker has ended; `KeyboardInterrupt` where the
    stage was told to stop.
    """
    heard, heard_at = 0, time.monotonic()
    while not is_done():
        for change in follower.poll():
            show(change)
        stage.check()
        if follower.seen > heard:
            heard, heard_at = follower.seen, time.monotonic()
        elif time.monotonic() > heard_at + STUCK_AFTER_S:
            raise BrokerError(f"nothing has been decided for {STUCK_AFTER_S:.0f} seconds; the worker seems stuck")


def _show(follower: Follower, stories: list[Story], console: Console) -> None:
    shown = []
    for story in stories:
        days = follower.of(story.truce, DAYS)
        shown += [day for day in days if day.zone in story.terms.gated_ids]
        console.print(f"\n[bold]{story.terms.truce.name}[/bold]: {_fate(follower, story)}")
        console.print(day_table(days, story.terms))
        console.print()
        for what, incidents in _incidents(follower, story).items():
            for incident in incidents:
                console.print(incident_line(incident, STORIES[what], _messages(story, what), story.terms))
    console.print()
    console.print(legend(shown, stories[0].terms))
    reports = sum(story.telling.counts.reports for story in stories)
    console.print(f"\n{reports:,} reports published, {len(follower.rejected)} refused.")


def _fate(follower: Follower, story: Story) -> str:
    """How it came out, in a few words."""
    phases = [change.after for change in follower.changes if change.truce == story.truce]
    reached = "seven quiet days were reached" if Phase.QUALIFIED in phases else "it never came to seven quiet days"
    return f"{reached}, and the truce has ended" if Phase.ENDED in phases else reached


def _incidents(follower: Follower, story: Story) -> dict[str, list[Incident]]:
    """The live incidents that reports of each great event ended up in."""
    evidence: list[Evidence] = follower.of(story.truce, EVIDENCE)
    live = {incident.id: incident for incident in follower.of(story.truce, INCIDENTS) if incident.status == "live"}
    found = {
        what: [live[e.id] for e in evidence if e.id in live and any(f"/{what}/" in report.report_id for report in e.reports)]
        for what in STORIES
    }
    return {what: incidents for what, incidents in found.items() if incidents}


def _messages(story: Story, what: str) -> int:
    return sum(f"/{what}/".encode() in arrival.value for arrival in story.telling.arrivals)


def _results(follower: Follower, stories: list[Story]) -> dict[str, Any]:
    """Everything shown, for a program: bodies as they were published."""
    return {
        "truces": {
            story.name: {
                "truce": story.truce,
                "reports": story.telling.counts.reports,
                "rejected": sum(body.origin.topic == story.telling.topic for body in follower.rejected),
                "phases": msgspec.to_builtins([change for change in follower.changes if change.truce == story.truce]),
                "days": msgspec.to_builtins(
                    sorted(
                        (day for day in follower.of(story.truce, DAYS) if day.zone in story.terms.gated_ids),
                        key=lambda day: (day.day, day.zone),
                    )
                ),
                "incidents": msgspec.to_builtins(_incidents(follower, story)),
            }
            for story in stories
        }
    }


def _wait(stage: Stage, console: Console) -> None:
    console.print(f"\nKafka and the worker go on at [bold]{stage.settings.bootstrap}[/bold]. In another terminal:")
    for command in ("tail phases --from-start", "tail days --from-start", "board", "verify", "explain 2016-09-19"):
        console.print(f"  TRUCE_BOOTSTRAP={stage.settings.bootstrap} uv run truce {command}", soft_wrap=True)
    console.print("Ctrl-C stops everything.")
    while True:
        stage.check()
        time.sleep(0.5)


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = TextColumn("{task.description:14}", style="cyan"), BarColumn(), TextColumn("{task.fields[clock]}")
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress


@contextmanager
def _stopped_by_a_signal(console: Console) -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM end the demo as its end does: everything is stopped, one line says so.

    Both set what is given, and interrupt. Where the interpreter drops the interrupt, as in a finalizer, what is set remains.
    """
    told_to_stop = threading.Event()

    def interrupt(*_: object) -> None:
        told_to_stop.set()
        # Once is enough: a second one must not cut the cleaning up short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told_to_stop
    except KeyboardInterrupt:
        console.print("stopped; nothing is left running")
        sys.exit(130)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


__all__ = ["demo"]
