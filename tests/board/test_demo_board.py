"""The demo's board, on a real Kafka: it opens while the story is told, and follows it to its end without a reload."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from serving import Watched, chromium, needs_browser

pytestmark = [needs_browser, pytest.mark.broker]

WAIT_S = 150


@pytest.fixture
def address() -> Iterator[str]:
    """Of the board of a demo that is just beginning; the demo is stopped at the end."""
    command = [sys.executable, "-m", "streams.cli", "demo", "--board"]
    demo = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
    )
    timer = threading.Timer(WAIT_S, demo.kill)
    timer.start()
    try:
        line = next((line for line in demo.stdout if "http://" in line), None)
        assert line is not None, "the demo named no address"
        # Nobody else reads what it says, and it must not wait for a reader.
        threading.Thread(target=demo.stdout.read, daemon=True).start()
        yield next(word for word in line.split() if word.startswith("http://"))
    finally:
        timer.cancel()
        demo.terminate()
        demo.wait(60)


def test_the_board_of_the_demo_follows_the_story_as_it_is_told(address: str) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(90_000)
        watched = Watched(page)
        page.goto(address)
        page.get_by_role("link", name="September 2016, as it happened").click()
        page.wait_for_selector("#live.on")
        page.evaluate("window.same = true")
        # Reports are published meanwhile: more days, an admitted strike, and the end, one after the other.
        expect(page.locator("h1.phase")).to_have_text("In force", timeout=90_000)
        expect(page.locator("#d-all-4.o-violent")).to_have_count(1, timeout=90_000)
        expect(page.locator("h1.phase")).to_have_text("Ended", timeout=90_000)
        expect(page.locator("#changes li").first).to_contain_text("nobody renewed it in time")
        assert page.evaluate("window.same"), "the page was loaded again"
        watched.assert_clean(address.rstrip("/"))
