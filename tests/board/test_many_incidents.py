"""Twenty thousand incidents: the first paint, and what a browser needs to show one more.

This machine may be busy with other things, so each is measured some times and the best one counts.
"""

import time
from collections.abc import Iterator
from random import Random

import msgspec
import pytest
from board.serving import Served, chromium, needs_browser
from board.world import facts, public
from playwright.sync_api import Browser, Page

from schemas.facts import Incident, Interval
from schemas.reasons import Grade
from schemas.topics import INCIDENTS
from streams.board.reading import Message

pytestmark = needs_browser

TRUCE = "demo-as-it-happened"
COUNT = 20_000
FIRST_PAINT_MS, LIVE_UPDATE_MS = 2_000, 200


def many(count: int) -> Iterator[Message]:
    """Incidents all over the country and the weeks of the truce, most of them in the last one."""
    random = Random(20_000)
    values = [fact.value for fact in facts() if fact.topic == INCIDENTS and fact.value and b'"status":"live"' in fact.value]
    models = [msgspec.json.decode(value, type=Incident) for value in values[:50]]
    end_s = max(model.starts or 0 for model in models)
    for number in range(count):
        starts = end_s - int(random.expovariate(1 / (4 * 86_400)))
        incident = msgspec.structs.replace(
            random.choice(models),
            id=f"{number:032x}",
            lat=random.uniform(32.5, 37),
            lon=random.uniform(36, 42),
            starts=starts,
            ends=starts,
            grade=random.choice(list(Grade)),
            killed=Interval(0, number % 4, number % 9),
        )
        yield INCIDENTS, incident.id, msgspec.json.encode(incident)


@pytest.fixture(scope="module")
def crowded() -> Iterator[Served]:
    with Served([*public(facts()), *many(COUNT)]) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def first_paint_ms(browser: Browser, url: str) -> float:
    """Since the page was asked for, as the browser itself says."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.wait_for_selector("#live.on")
    painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    while (found := page.evaluate(painted)) is None:
        time.sleep(0.02)
    page.close()
    return found


def live_update_ms(page: Page, served: Served, number: int) -> float:
    """From the publishing of an incident to the moment at which the page shows it."""
    (_, _, model) = next(many(1))
    newest = msgspec.json.decode(model, type=Incident)
    incident = msgspec.structs.replace(newest, id=f"f{number:031x}", starts=2_000_000_000 + number, ends=2_000_000_000 + number)
    # Noted in the page, so that the way to this process is not measured.
    page.evaluate(
        """id => { window.shown = new Promise(found => new MutationObserver((_, watch) => {
            if (document.getElementById(id)) { watch.disconnect(); requestAnimationFrame(() => found(Date.now())); }
        }).observe(document.body, {childList: true, subtree: true})) ; 0 }""",
        f"i-{incident.id}",
    )
    published_at_ms = time.time() * 1_000
    served.take([(INCIDENTS, incident.id, msgspec.json.encode(incident))])
    return page.evaluate("() => window.shown") - published_at_ms


def test_the_first_paint_comes_within_two_seconds(crowded: Served, browser: Browser) -> None:
    url = f"{crowded.url}/en/{TRUCE}"
    found = [first_paint_ms(browser, url) for _ in range(4)]
    print("first paint, ms:", [round(ms) for ms in found])
    assert min(found) < FIRST_PAINT_MS, found


def test_a_new_incident_shows_within_a_fifth_of_a_second(crowded: Served, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{crowded.url}/en/{TRUCE}")
    page.wait_for_selector("#live.on")
    found = [live_update_ms(page, crowded, number) for number in range(8)]
    print("live update, ms:", [round(ms) for ms in found])
    assert min(found) < LIVE_UPDATE_MS, found
    page.close()


def test_the_page_stays_small_whatever_there_is(crowded: Served, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{crowded.url}/en/{TRUCE}")
    assert page.evaluate("document.querySelectorAll('*').length") < 12_000
    page.close()
