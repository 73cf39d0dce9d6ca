"""The page in a real browser: whole, alone with its server, live, by keyboard, and for every eye."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from board.serving import Served, Watched, chromium, needs_browser
from board.world import facts, public, told
from playwright.sync_api import Browser, Page, expect

from schemas.facts import Day, Incident
from schemas.reasons import Outcome
from schemas.topics import DAYS, INCIDENTS, PUBLIC_TERMS
from streams.board.page import ROWS
from streams.board.report import write
from streams.core.intake import Arrival
from streams.core.replay import Replay
from streams.scenarios import SCENARIOS, terms_of

pytestmark = needs_browser

TRUCE = "demo-as-it-happened"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
LOOKS = [(language, size, scheme) for language in ("en", "ar") for size in (WIDE, PHONE) for scheme in ("light", "dark")]
AXE = "axe-core@4.14.1"
PAPER = {"width": 718, "height": 1047}
"""A4 with margins of 1 cm, in pixels of 1/96 inch."""
BESIDE_THE_PAPER = """() => [...document.querySelectorAll("body *")]
    .filter(element => !element.closest("svg svg, svg > *"))
    .map(element => [element, element.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && (box.left < -1 || box.right > innerWidth + 1))
    .map(([element, box]) => [element.outerHTML.slice(0, 100), box.left, box.right])"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def demo() -> Iterator[Served]:
    with Served([*public(facts()), *public(facts("as-agreed"))]) as served:
        yield served


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, fetched into a folder of this test alone."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm here to fetch axe-core with")
    folder = tmp_path_factory.mktemp("axe")
    fetched = subprocess.run([npm, "install", "--silent", "--prefix", folder, AXE], capture_output=True, text=True, timeout=120)
    if fetched.returncode != 0:
        pytest.skip(f"npm cannot fetch {AXE}: {fetched.stderr.strip()[-200:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def opened(
    browser: Browser, served: Served, path: str, size: dict[str, int] = WIDE, scheme: str = "light"
) -> tuple[Page, Watched]:
    page = browser.new_page(viewport=size, color_scheme=scheme)
    page.set_default_timeout(20_000)
    watched = Watched(page)
    page.goto(served.url + path)
    page.wait_for_selector("#live.on")
    return page, watched


def day(zone: str, number: int) -> Day:
    value = next(f.value for f in reversed(facts()) if f.topic == DAYS and f.key == f"{TRUCE}/{zone}/{number}")
    return msgspec.json.decode(value, type=Day)


@pytest.mark.parametrize(("language", "size", "scheme"), LOOKS)
def test_it_stands_alone_without_a_complaint_and_fits_the_screen(
    browser: Browser, demo: Served, language: str, size: dict[str, int], scheme: str
) -> None:
    page, watched = opened(browser, demo, f"/{language}/{TRUCE}", size, scheme)
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert page.locator("section.part").count() >= 8
    assert page.locator(".day").count() > 100
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
    watched.assert_clean(demo.url)
    page.close()


@pytest.mark.parametrize(("language", "size", "scheme"), [LOOKS[0], LOOKS[3], LOOKS[5], LOOKS[6]])
def test_axe_finds_nothing_serious(
    browser: Browser, demo: Served, axe: str, language: str, size: dict[str, int], scheme: str
) -> None:
    page, _ = opened(browser, demo, f"/{language}/{TRUCE}", size, scheme)
    page.locator("details").evaluate_all("found => found.forEach(details => details.open = true)")
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    told = [(v["id"], v["impact"], [node["html"][:200] for node in v["nodes"][:3]]) for v in found]
    assert [violation for violation in told if violation[1] in ("serious", "critical")] == []
    page.close()


def test_what_is_published_shows_without_loading_the_page_again(browser: Browser) -> None:
    with Served(public(facts())) as served:
        page, watched = opened(browser, served, f"/en/{TRUCE}")
        page.evaluate("window.same = true")
        cell = page.locator("#d-aleppo-0")
        assert "o-contested" not in (cell.get_attribute("class") or "")
        amended = msgspec.structs.replace(day("aleppo", 0), outcome=Outcome.CONTESTED)
        served.take([(DAYS, f"{TRUCE}/aleppo/0", msgspec.json.encode(amended))])
        page.wait_for_selector("#d-aleppo-0.o-contested.amended")
        assert page.locator(".amendments").inner_text().count("was access denied before") == 1
        assert page.evaluate("window.same")
        watched.assert_clean(served.url)
        page.close()


def test_days_are_read_by_keyboard_in_the_direction_of_the_script(browser: Browser, demo: Served) -> None:
    for language, onward in (("en", "ArrowRight"), ("ar", "ArrowLeft")):
        page, _ = opened(browser, demo, f"/{language}/{TRUCE}")
        assert page.locator("table.days >> nth=0").locator(".day[tabindex='0']").count() == 1
        page.locator("#d-aleppo-2").focus()
        page.keyboard.press(onward)
        assert page.evaluate("document.activeElement.id") == "d-aleppo-3"
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.id") == "d-all-3"
        page.wait_for_selector("#card dl")
        assert page.locator("#card").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("#card").is_visible()
        page.close()


def test_focus_and_open_details_stay_when_a_part_is_drawn_again(browser: Browser) -> None:
    with Served(public(facts())) as served:
        page, _ = opened(browser, served, f"/en/{TRUCE}")
        page.locator("#days details.others summary").click()
        page.locator("#d-aleppo-2").focus()
        amended = msgspec.structs.replace(day("aleppo", 0), outcome=Outcome.CONTESTED)
        served.take([(DAYS, f"{TRUCE}/aleppo/0", msgspec.json.encode(amended))])
        page.wait_for_selector("#d-aleppo-0.o-contested")
        assert page.evaluate("document.activeElement.id") == "d-aleppo-2"
        assert page.locator("#days details.others").get_attribute("open") is not None
        page.close()


def test_incidents_are_chosen_and_grow_in_place(browser: Browser, demo: Served) -> None:
    page, watched = opened(browser, demo, f"/en/{TRUCE}")
    assert page.locator("#incidents ol > li").count() == ROWS
    page.locator("a.more").click()
    expect(page.locator("#incidents ol > li")).to_have_count(2 * ROWS)
    page.select_option("select[name=grade]", "confirmed")
    expect(page.locator("#incidents ol > li.g-weak, #incidents ol > li.g-fair")).to_have_count(0)
    assert page.locator("#incidents ol > li.g-confirmed").count() >= 1
    watched.assert_clean(demo.url)
    page.close()


HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\u202e\u2067" + "x" * 470


def test_hostile_words_in_any_message_are_words(browser: Browser) -> None:
    """More than the monitor would ever publish: the page does not rest on what others have cleaned."""
    incident = next(i for i in (f.value for f in facts() if f.topic == INCIDENTS and f.value) if b'"status":"live"' in i)
    terms = json.loads(next(f.value for f in facts() if f.topic == PUBLIC_TERMS))
    terms["terms"]["truce"]["name"] = HOSTILE
    terms["terms"]["zones"][0]["name"] = HOSTILE
    hostile = msgspec.structs.replace(msgspec.json.decode(incident, type=Incident), place=HOSTILE, by=[HOSTILE], id="0" * 32)
    messages = [
        *public(facts()),
        (PUBLIC_TERMS, "x", json.dumps(terms).encode()),
        (INCIDENTS, hostile.id, msgspec.json.encode(hostile)),
    ]
    with Served(messages) as served:
        for language, size, scheme in LOOKS:
            page, watched = opened(browser, served, f"/{language}/{TRUCE}", size, scheme)
            assert page.evaluate("window.hacked") is None
            assert page.locator("script").count() == 1
            assert page.locator("#content img").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a long name makes the page wide"
            watched.assert_clean(served.url)
            page.close()


HOSTILE_REPORTS = [
    {
        "report_id": HOSTILE[:150],
        "source": "\u202e<b>Observatory</b>",
        "type": "violation",
        "kind": "attack",
        "occurred_at": "2016-09-15T10:00:00Z",
        "location": {"place": "<script>window.hacked=1</script>" + "\u202e" + "z" * 460, "admin1": "Aleppo", "country": "SY"},
        "by": "\u202e<script>window.hacked=1</script>",
        "casualties": {"killed": 1_000_000},
        "text": "<script>window.hacked=1</script>\u202e" * 200,
        "links": ["javascript:window.hacked=1"],
    },
    {
        "report_id": "<img src=x onerror=window.hacked=1>",
        "source": "\u2067" * 200,
        "type": "violation",
        "kind": "attack",
        "occurred_at": "2016-09-15T11:00:00Z",
        "location": {"lat": 36.2, "lon": 37.16, "place": "</td></table><script>window.hacked=1</script>"},
        "text": "x" * 8_192,
    },
]


def test_a_hostile_report_leaves_the_page_intact(browser: Browser) -> None:
    """Through the whole of the program: what of it is believed shows as any other incident does."""
    terms = terms_of("as-it-happened")
    received_at = terms.d_hour_s + 4 * 86_400
    hostile = [Arrival(received_at, json.dumps(report).encode(), "a test") for report in HOSTILE_REPORTS]
    arrivals = sorted([*SCENARIOS["as-it-happened"](1), *hostile], key=lambda arrival: arrival.received_at)
    published = tuple(Replay([terms]).facts(arrivals))
    before = {fact.key for fact in facts() if fact.topic == INCIDENTS}
    added = {fact.key for fact in published if fact.topic == INCIDENTS and fact.value} - before
    assert added, "none of them came through: nothing is tried"
    with Served(public(facts())) as calm, Served(public(published)) as served:
        path = f"/en/{TRUCE}?rows=1000"
        expected, _ = opened(browser, calm, path)
        page, watched = opened(browser, served, path)
        for id in added:
            assert page.locator(f"#i-{id}").count() == 1
        assert page.evaluate("window.hacked") is None
        for selector in ("section.part", "h2", "table", "script", ".day"):
            assert page.locator(selector).count() == expected.locator(selector).count(), selector
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        watched.assert_clean(served.url)
        page.close()
        expected.close()


def test_a_page_of_the_report_opens_from_a_file(browser: Browser, tmp_path: Path) -> None:
    (path, *_) = write(told(), tmp_path, "en")
    page = browser.new_page(viewport=WIDE)
    watched = Watched(page)
    page.goto(path.as_uri())
    page.locator("#d-aleppo-2").focus()
    assert "access denied" in page.locator("#card").inner_text()
    assert watched.asked == [path.as_uri()] or all(asked.startswith(("file:", "data:")) for asked in watched.asked)
    assert watched.complaints == []
    page.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_of_the_printed_report_lies_beside_the_paper(browser: Browser, tmp_path: Path, language: str) -> None:
    """What lies beside it makes the browser print for a wider paper, and cut off the end of every line that is read from
    right to left."""
    (path, *_) = write(told(), tmp_path, language)
    page = browser.new_page(viewport=PAPER)
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    page.locator("details").evaluate_all("found => found.forEach(details => details.open = true)")
    assert page.locator("#incidents li").count() > 100
    assert page.evaluate(BESIDE_THE_PAPER) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_time_share_or_pseudonym_is_broken_over_two_lines_on_a_phone(browser: Browser, demo: Served, language: str) -> None:
    page, _ = opened(browser, demo, f"/{language}/{TRUCE}?rows=1000", PHONE)
    whole = page.locator(".utc, .whole")
    assert whole.count() > 50
    broken = "e => Math.max(...[...e.getClientRects()].map(r => r.top)) - e.getBoundingClientRect().top > 8"
    assert whole.evaluate_all(f"found => found.filter({broken}).map(e => e.textContent)") == []
    page.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_names_on_the_map_are_not_written_over_each_other(browser: Browser, demo: Served, language: str) -> None:
    page, _ = opened(browser, demo, f"/{language}/{TRUCE}", PHONE)
    boxes = page.locator(".zone-name").evaluate_all(
        "found => found.map(e => [e.textContent, e.getBoundingClientRect().toJSON()])"
    )
    assert len(boxes) > 8
    for at, (name, box) in enumerate(boxes):
        for other, beside in boxes[at + 1 :]:
            apart_x = box["right"] <= beside["left"] or beside["right"] <= box["left"]
            # The box of a letter is half as high again as what is drawn of it.
            apart_y = abs(box["top"] - beside["top"]) >= box["height"] * 0.66
            assert apart_x or apart_y, (name, other)
    page.close()


def test_a_foreign_name_does_not_turn_the_line_it_stands_in(browser: Browser, demo: Served) -> None:
    page, _ = opened(browser, demo, f"/ar/{TRUCE}?rows=1000", PHONE)
    assert page.locator("#incidents .what bdi").evaluate_all(
        "found => [...new Set(found.map(e => getComputedStyle(e).direction))]"
    ) == ["rtl"]
    assert page.locator("#disagreement p.bulletins > bdi[dir]").evaluate_all(
        "found => [...new Set(found.map(e => getComputedStyle(e).direction))]"
    ) == ["rtl"]
    page.close()


def test_the_card_of_a_day_stays_when_moving_to_the_day_scrolls_the_page(browser: Browser, demo: Served) -> None:
    page, _ = opened(browser, demo, f"/en/{TRUCE}", PHONE)
    page.locator("#d-aleppo-6").focus()
    page.wait_for_selector("#card dl")
    # High on the screen, where there is room for the card below it.
    page.locator("#d-aleppo-6").evaluate("day => scrollBy({top: day.getBoundingClientRect().top - 100, behavior: 'instant'})")
    page.wait_for_timeout(500)
    day, card = page.locator("#d-aleppo-6").bounding_box(), page.locator("#card").bounding_box()
    assert card is not None and day is not None, "the card is gone"
    assert 0 <= card["y"] - (day["y"] + day["height"]) < 20
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= PHONE["width"]
    page.close()
