"""The dashboards: checked in as built, whole by Grafana's own types, and they ask for nothing that is not there."""

import json
import re
import sys
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker" / "grafana"
sys.path.insert(0, str(FOLDER))
from build import built  # noqa: E402
from panels import DASHBOARDS  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
BUILT = built()
METRIC = re.compile(r"\b(?:truce|process)_[a-z_]+\b")


@pytest.mark.parametrize("name", BUILT)
def test_a_dashboard_is_checked_in_as_it_is_built(name: str) -> None:
    assert (FOLDER / "dashboards" / f"{name}.json").read_text(encoding="utf-8") == BUILT[name], (
        "run `uv run python docker/grafana/build.py`"
    )


@pytest.mark.parametrize("name", BUILT)
def test_grafanas_own_types_read_all_of_it(name: str) -> None:
    register_default_plugins()
    content = json.loads(BUILT[name])
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(content)))
    for annotation in content["annotations"].get("list", ()):
        for option in ("step", "titleFormat", "textFormat"):
            del annotation[option]
    assert again == content


@pytest.mark.parametrize("name", BUILT)
def test_panels_do_not_overlap_and_stay_in_the_grid(name: str) -> None:
    taken: dict[tuple[int, int], str] = {}
    ids = set()
    for panel in json.loads(BUILT[name])["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
        if panel["type"] != "row":
            assert panel["id"] not in ids
            ids.add(panel["id"])
            assert panel["title"]
            assert panel["type"] == "text" or panel["description"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_asks_for_documented_metrics_and_declared_variables_only(name: str) -> None:
    content = json.loads(BUILT[name])
    expressions = [target["expr"] for panel in content["panels"] for target in panel.get("targets", ())]
    assert expressions
    for metric in {found for expr in expressions for found in METRIC.findall(expr)}:
        documented = re.sub(r"_(bucket|sum|count)$", "", metric)
        assert metric.startswith("process_") or f"| `{metric}` |" in README or f"| `{documented}` |" in README, metric
    declared = {variable["name"] for variable in content["templating"]["list"]}
    used = {found for expr in expressions for found in re.findall(r"\$([a-z]+)", expr)}
    assert used <= declared


def test_the_two_lead_to_each_other_and_to_the_runbook() -> None:
    for name in DASHBOARDS:
        links = {link["url"] for link in json.loads(BUILT[name])["links"]}
        assert links == {f"/d/truce-{other}" for other in BUILT if other != name}


def test_the_runbook_has_a_panel_for_every_paragraph() -> None:
    titles = [panel["title"] for panel in json.loads(BUILT["runbook"])["panels"]]
    assert titles[1:] == re.findall(r"^#### (.+)$", README, re.MULTILINE)
