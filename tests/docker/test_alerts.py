"""The alerts: each is tested by promtool, raised and not raised, and each has a paragraph that says what to do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker" / "prometheus"
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
TESTS = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text())["tests"]
RUNBOOK = (ROOT / "README.md").read_text(encoding="utf-8").split("### Runbook\n")[1].split("\n## ")[0]
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")


def promtool(*arguments: str) -> None:
    ran = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@needs_promtool
def test_alerts_are_raised_when_they_should_and_not_when_all_is_well() -> None:
    promtool("check", "rules", "alerts.yaml")
    promtool("test", "rules", "alerts.test.yaml")


@needs_promtool
def test_the_configuration_of_prometheus_is_valid() -> None:
    promtool("check", "config", "prometheus.yaml")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_is_tested_and_has_a_paragraph_that_says_what_to_do(rule: dict) -> None:
    name = rule["alert"]
    raised = [
        case for test in TESTS for case in test.get("alert_rule_test", ()) if case["alertname"] == name and case["exp_alerts"]
    ]
    assert raised
    heading = f"#### {name} ({rule['labels']['severity']}, {rule['for']})"
    assert heading in RUNBOOK
    paragraph = RUNBOOK.split(heading)[1].split("####")[0]
    assert all(f"*{word}:*" in paragraph for word in ("Means", "Look", "Do"))
    # The runbook is a dashboard with a panel for each, behind one that says how to read it.
    number = re.findall(r"^#### (\w+)", RUNBOOK, re.MULTILINE).index(name) + 2
    assert rule["annotations"]["runbook_url"] == f"/d/truce-runbook?viewPanel={number}"


def test_the_runbook_knows_no_alert_that_is_not_there() -> None:
    assert set(re.findall(r"^#### (\w+)", RUNBOOK, re.MULTILINE)) == {rule["alert"] for rule in RULES}


def test_the_healthy_truce_has_every_metric_that_an_alert_reads() -> None:
    healthy = {entry["series"].split("{")[0] for entry in TESTS[0]["input_series"]}
    read = {name for rule in RULES for name in re.findall(r"\b(?:truce_[a-z_]+|up)\b", rule["expr"])}
    assert read <= healthy
