"""Hostile reports, sent to a live truce: through intake and monitor to a page that is open, which stays what it was."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from board.serving import Watched, chromium, needs_browser
from commanding import outside, run, write
from playwright.sync_api import expect
from worker.harness import Installation, wait_until

from streams.broker import Broker

pytestmark = needs_browser

REAL = "streams.core.partition:LogPartition"
TOPIC = "reports.field"
TERMS = Path(__file__).parents[2] / "streams" / "truces" / "demo-as-agreed.toml"
SCRIPT = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
TURNED = "\u202e\u2067"
WEAPONS = ("airstrike", "small_arms", "mortar")
"""One each, or those who say the same of one province would be one incident."""
PLACES = (
    {"lat": 36.2, "lon": 37.16, "place": f"</td></table>{TURNED}{SCRIPT}".ljust(500, "z")},
    {"place": f"{SCRIPT}{TURNED}".ljust(500, "z"), "admin1": "Aleppo", "country": "SY"},
    {"lat": 35.93, "lon": 36.63, "place": "إدلب" * 125, "text": TURNED * 250},
)


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, reports={TOPIC: 1})
    d_hour = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    settings = ("truce.id=first", "truce.simulated=false", f'truce.topics=["{TOPIC}"]', f"truce.d_hour={d_hour.isoformat()}")
    made = run(broker, "terms", "publish", TERMS, *(part for value in settings for part in ("--set", value)))
    assert made.exit_code == 0, made.output
    installation.worker(state=REAL, instance_id="one")
    yield installation
    installation.close()


@pytest.fixture
def address(broker: Broker, truce: Installation) -> Iterator[str]:
    board = outside(broker, "board", "--port", "0")
    timer = threading.Timer(60, board.kill)
    timer.start()
    try:
        line = next((line for line in board.stdout if "http://" in line), None)
        assert line is not None, "the board named no address"
        timer.cancel()
        yield next(word for word in line.split() if word.startswith("http://")).rstrip("/")
    finally:
        timer.cancel()
        board.kill()
        board.communicate()


def hostile(number: int, location: dict) -> bytes:
    """Every field that holds words of the sender's."""
    body = {"report_id": f"{SCRIPT}{number}", "source": f"{TURNED}<b>Post {number}</b>", "type": "violation", "kind": "attack"}
    body |= {
        "occurred_at": datetime.now(UTC).isoformat(),
        "by": f"{TURNED}{SCRIPT}",
        "weapon": WEAPONS[number],
        "links": ["javascript:window.hacked=1"],
    }
    return json.dumps(body | {"location": location, "text": (f"{SCRIPT}{TURNED}" * 200)[:8_192]}).encode()


def is_there(url: str) -> bool:
    try:
        return urlopen(url, timeout=20).status == 200
    except HTTPError:
        return False


def test_hostile_reports_leave_the_live_page_intact(broker: Broker, address: str) -> None:
    page_of_truce = f"{address}/en/first"
    # Asked for outside the browser: there a page that is not there yet would be a complaint.
    wait_until(lambda: is_there(page_of_truce), "the truce on the board", timeout_s=60, pause_s=0.3)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.set_default_timeout(60_000)
        watched = Watched(page)
        page.goto(page_of_truce)
        page.wait_for_selector("#live.on")
        page.evaluate("window.same = true")
        parts = {selector: page.locator(selector).count() for selector in ("section.part", "h2", "table", "script", ".day")}
        assert parts["section.part"] >= 8
        for number, place in enumerate(PLACES):
            write(broker, TOPIC, hostile(number, place))
        expect(page.locator("#incidents ol > li[id]")).to_have_count(len(PLACES), timeout=30_000)
        assert page.evaluate("window.hacked") is None
        assert page.evaluate("window.same"), "the page was loaded again"
        for selector, count in parts.items():
            assert page.locator(selector).count() == count, selector
        assert page.locator("#content img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
        assert not set(TURNED) & set(page.locator("#incidents").inner_text()), "what turns the text around it is shown"
        watched.assert_clean(address)
