"""Both dashboards and all alerts against a real Prometheus that watches a real worker through two stories and a live truce.

The table that it prints, panel by panel, is what Grafana would show: run it with `-s`. With DRAW_PICTURES=1 (and matplotlib)
it draws the pictures of the README from the same queries.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import orjson
import pytest
from watching import DOCKER, Prometheus, needs_prometheus
from worker.harness import Installation, wait_until
from worker.terms_of_test import record_of

from schemas.topics import LOCATED, TERMS
from streams import clients
from streams.broker import Broker
from streams.core.terms import HOUR, Terms, parse
from streams.demo.staging import Telling
from streams.scenarios import SCENARIOS, terms_of, topic_of
from streams.settings import Settings

sys.path.insert(0, str(DOCKER / "grafana"))
from panels import DASHBOARDS, Panel, Query

pytestmark = needs_prometheus

REAL = "streams.core.partition:LogPartition"
LIVE_TOPIC = "reports.field"
TOLD_IN_S = float(os.environ.get("STORIES_IN_S", "20"))
"""How long the telling of the stories takes; the pictures are drawn from a longer one."""


WITHIN_S = 120
"""For what is waited for on a machine that does other things too."""


class Watched(NamedTuple):
    prometheus: Prometheus
    began_s: float
    ended_s: float


def live_terms() -> Terms:
    """A truce of now: D-hour an hour ago."""
    terms = terms_of("as-agreed").as_mapping()
    hour = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - HOUR))
    terms["truce"] |= {"id": "live", "simulated": False, "topics": [LIVE_TOPIC], "d_hour": hour, "partition": 0}
    return parse(terms)


def live_reports(terms: Terms) -> list[bytes]:
    """Everybody who must watch is there; a report can be used, one concerns nobody, some cannot be used."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    alive = [{"report_id": f"alive-{n}", "source": s.id, "type": "alive"} for n, s in enumerate(terms.sources) if s.zones]
    attack = {"type": "violation", "kind": "attack", "weapon": "mortar", "occurred_at": now, "source": "Somebody"}
    hama = {"place": "Hama", "admin1": "Hama", "country": "SY"}
    return [
        *(orjson.dumps(body | {"published_at": now}) for body in alive),
        orjson.dumps(attack | {"report_id": "1", "location": hama}),
        orjson.dumps(attack | {"report_id": "2", "location": {"lat": 48.2, "lon": 16.4}}),
        orjson.dumps(attack | {"report_id": "3"}),
        b'{"broken',
    ]


@pytest.fixture(scope="module")
def watched(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    stories = {name: terms_of(name) for name in SCENARIOS}
    live = live_terms()
    with ExitStack() as stack:
        truce = Installation(broker.bootstrap, reports={LIVE_TOPIC: 2} | {topic_of(name): 1 for name in stories})
        stack.callback(truce.close)
        prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), haste=10)
        stack.callback(prometheus.close)
        for terms in (*stories.values(), live):
            partition = terms.truce.partition % 2
            assert partition == terms.truce.partition
            truce.publish(LOCATED, partition, [record_of(terms)], key=terms.truce.id.encode())
            truce.publish(TERMS, 0, [record_of(terms)], key=terms.truce.id.encode())
        worker = truce.worker(state=REAL, metrics_targets=prometheus.targets)
        stack.callback(lambda: print(worker.said()))
        assigned = "sum(truce_partitions_assigned)"
        wait_until(lambda: prometheus.value(assigned) == 6, "both processes are scraped, and at work", 90)
        settings = Settings(bootstrap=broker.bootstrap)
        began_s = time.time()
        tellings = []
        for name, terms in stories.items():
            arrivals = list(SCENARIOS[name](1))
            length_s = arrivals[-1].received_at - arrivals[0].received_at
            tellings.append(Telling(settings, topic_of(name), terms, arrivals, speed=length_s / TOLD_IN_S))
        stop = threading.Event()
        field = threading.Thread(target=_keep_reporting, args=(settings, live, stop), daemon=True)
        stack.callback(field.join, 10)
        stack.callback(stop.set)
        for thread in (*tellings, field):
            thread.start()
        for telling in tellings:
            telling.join(TOLD_IN_S * 4 + 120)
            assert telling.failure is None
        for phase, what in (("ended", "the first story has ended"), ("qualified", "the second has qualified")):
            expr = f'sum(truce_phase{{zone="all",phase="{phase}"}})'
            wait_until(lambda expr=expr: prometheus.value(expr) == 1, what, WITHIN_S)
        yield Watched(prometheus, began_s, time.time())


def _keep_reporting(settings: Settings, terms: Terms, stop: threading.Event) -> None:
    with clients.producer(settings) as client:
        while not stop.is_set():
            for value in live_reports(terms):
                clients.send(client, LIVE_TOPIC, value, partition=0)
            stop.wait(1)


CHOSEN = {
    "$truce": "demo-as-it-happened",
    "$zone": "aleppo",
    "$reason": ".+",
    "$__rate_interval": "15s",
    "$__range": "10m",
}


def chosen(text: str, **others: str) -> str:
    """A query or legend as Grafana sends it once its variables are chosen."""
    for variable, value in (CHOSEN | {f"${name}": value for name, value in others.items()}).items():
        text = text.replace(variable, value)
    return text


def test_every_panel_has_data_and_the_table_of_them_reads_like_the_dashboards(watched: Watched) -> None:
    empty = []
    for board, rows in DASHBOARDS.items():
        print(f"\n{board.upper()}")
        for row in rows:
            print(f"\n  {row.title}")
            for panel in row.panels:
                print(f"    {chosen(panel.title)}")
                for query in panel.queries:
                    found = watched.prometheus.ask(chosen(query.expr))
                    print(f"      {chosen(query.expr)}\n        {_shown(panel, query, found)}")
                    if not found and not panel.empty:
                        empty.append((panel.title, query.expr))
    assert empty == []


def _shown(panel: Panel, query: Query, found: list[dict]) -> str:
    names = {value: name for value, name, _ in panel.values}
    shown = []
    for series in found:
        number = float(series["value"][1])
        legend = chosen(query.legend)
        for label, value in series["metric"].items():
            legend = legend.replace(f"{{{{{label}}}}}", value)
        shown.append(f"{legend or 'value'} = {names[int(number)] if names else _number(number, panel.unit)}")
    return "; ".join(sorted(shown)) or "no data"


def _number(number: float, unit: str) -> str:
    if unit == "dateTimeAsIso":
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(number / 1_000))
    return f"{number:.0%}" if unit == "percentunit" else f"{number / 1_048_576:.0f} MiB" if unit == "bytes" else f"{number:.4g}"


def test_what_the_panels_show_is_what_was_decided(watched: Watched) -> None:
    def comes_to(expr: str, expected: float) -> None:
        wait_until(lambda: watched.prometheus.value(expr) == expected, f"{expr} == {expected}", WITHIN_S)

    ask = watched.prometheus.value
    happened, agreed = 'truce="demo-as-it-happened"', 'truce="demo-as-agreed"'
    comes_to(f'truce_phase{{{happened},zone="all",phase="ended"}}', 1)
    comes_to(f'truce_phase{{{agreed},zone="all",phase="qualified"}}', 1)
    comes_to(f'truce_day_outcome{{{happened},zone="aleppo",day="000"}}', 4)  # no aid was let in on the first day
    comes_to(f'sum(truce_incidents{{{happened},grade="confirmed"}})', 1)
    comes_to("sum(truce_reports_taken) - sum(truce_reports_accounted)", 0)
    comes_to('time() - truce_clock_timestamp_seconds{truce="live"} < bool 30', 1)
    assert ask(f'max_over_time(truce_phase{{{happened},zone="all",phase="qualified"}}[10m])') == 0
    assert ask(f'truce_streak{{{agreed},zone="all"}}') >= 7


def test_every_alert_expression_can_be_evaluated_and_none_of_those_that_page_fires(watched: Watched) -> None:
    rules = [rule for group in watched.prometheus.rules["groups"] for rule in group["rules"]]
    for rule in rules:
        watched.prometheus.ask(rule["expr"])
    pages = {rule["alert"] for rule in rules if rule["labels"]["severity"] == "page"}
    # What a start that is not yet behind us raised is over once the worker has caught up.
    wait_until(lambda: not watched.prometheus.alerts() & pages, f"none of {sorted(pages)}", WITHIN_S)


def test_what_is_refused_is_told_by_who_sent_it(watched: Watched) -> None:
    def classes() -> set[str]:
        found = watched.prometheus.ask("sum by (source_class) (truce_reports_rejected_total) > 0")
        return {series["metric"]["source_class"] for series in found}

    wait_until(lambda: classes() == {"unlisted", "unreadable"}, "refusals of both classes", WITHIN_S)


@pytest.mark.skipif("DRAW_PICTURES" not in os.environ, reason="draws the pictures of the README only where DRAW_PICTURES is set")
def test_pictures_are_drawn(watched: Watched) -> None:
    from pictures import draw

    draw(watched.prometheus, chosen, watched.began_s, watched.ended_s, DOCKER / "grafana" / "pictures")
