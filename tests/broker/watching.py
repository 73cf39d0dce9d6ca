"""A real Prometheus in front of real workers, and how a test asks it."""

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from worker.harness import wait_until

from streams.broker import free_port

DOCKER = Path(__file__).parents[2] / "docker"
UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600}

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus (Debian's package of this name) is not installed"
)


class Prometheus:
    """Scrapes what announces itself in `targets`, and evaluates the alerts with their waits divided by `haste`.

    Without haste it scrapes and evaluates as often as `docker/prometheus/prometheus.yaml` says.
    """

    def __init__(self, folder: Path, haste: float = 1.0) -> None:
        self.targets = folder / "targets"
        self.targets.mkdir(parents=True)
        self.rules = hastened(haste)
        self.scrape_s = 2 if haste > 1 else 15
        (folder / "alerts.yaml").write_text(yaml.safe_dump(self.rules), encoding="utf-8")
        (folder / "prometheus.yaml").write_text(
            yaml.safe_dump(
                {
                    "global": {
                        "scrape_interval": f"{self.scrape_s}s",
                        "scrape_timeout": f"{min(self.scrape_s, 10)}s",
                        "evaluation_interval": "1s",
                    },
                    "rule_files": ["alerts.yaml"],
                    "scrape_configs": [
                        {
                            "job_name": "truce",
                            "file_sd_configs": [{"files": [f"{self.targets}/*.json"], "refresh_interval": "1s"}],
                        }
                    ],
                }
            ),
            encoding="utf-8",
        )
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = (folder / "prometheus.log").open("wb")
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder}/prometheus.yaml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={self.url.removeprefix('http://')}",
            ],
            stdout=self._log,
            stderr=self._log,
        )
        wait_until(self._ready, "Prometheus is ready")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def ask(self, expr: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """The instant vector of an expression."""
        return self._get("query", query=expr, **({} if at_s is None else {"time": at_s}))

    def value(self, expr: str) -> float | None:
        """Of the one series; None where there is none."""
        found = self.ask(expr)
        return float(found[0]["value"][1]) if found else None

    def range(self, expr: str, start_s: float, end_s: float, step_s: float) -> list[dict[str, Any]]:
        return self._get("query_range", query=expr, start=start_s, end=end_s, step=step_s)

    def alerts(self, state: str = "firing") -> set[str]:
        return {found["metric"]["alertname"] for found in self.ask(f'ALERTS{{alertstate="{state}"}}')}

    def raised_since(self, since_s: float) -> set[str]:
        """Alerts that fired at any moment since then, be it over by now or not."""
        window_s = max(1, round(time.time() - since_s))
        found = self.ask(f'count_over_time(ALERTS{{alertstate="firing"}}[{window_s}s])')
        return {series["metric"]["alertname"] for series in found}

    def _get(self, what: str, **parameters: object) -> list[dict[str, Any]]:
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{query}", timeout=20) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{parameters['query']}: {refused.read().decode()}") from None

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


def hastened(haste: float) -> dict[str, Any]:
    """The alerts with every wait divided, looked at every second; as they are where nothing is in haste."""
    content = yaml.safe_load((DOCKER / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))
    if haste == 1:
        return content
    for group in content["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = f"{round(seconds(rule['for']) / haste * 1_000)}ms"
    return content


def seconds(duration: str) -> float:
    """Of Prometheus' notation: 1m30s."""
    return sum(int(count) * UNITS_S[unit] for count, unit in re.findall(r"(\d+)(ms|[smh])", duration))
