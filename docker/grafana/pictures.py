"""Draws the main panels of both dashboards from a Prometheus, with the dashboards' own queries: the pictures of the README.

They show what an operator sees, where no Grafana is at hand. The time axis is that of the truce. Drawn by the test of the
dashboards, where matplotlib is installed: `DRAW_PICTURES=1 STORIES_IN_S=75 uv run pytest tests/broker/test_prometheus.py`.
"""

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.dates import DateFormatter
from panels import OPERATIONS, OUTCOMES, SHORT, SITUATION, Panel, Row

TRUCE, ZONE = "demo-as-it-happened", "aleppo"
COLOURS = {"green": "#37872d", "blue": "#1f60c4", "yellow": "#e0b400", "orange": "#e0752d", "red": "#c4162a", "purple": "#8f3bb8"}
PALE = {"green": "#c8e6c0", "blue": "#c7d9f5", "yellow": "#fff0b3", "red": "#f5b7bd", "purple": "#e3c6f2", "text": "#f2f2f2"}
CYCLE = ["#1f60c4", "#37872d", "#e0752d", "#8f3bb8", "#c4162a", "#5794f2", "#96d98d", "#ffb357", "#7c7c7c"]
INK, GREY = "#24292e", "#6e7681"


class Canvas:
    """One dashboard's picture: asks Prometheus, knows the time of the truce, draws panel by panel."""

    def __init__(self, prometheus: Any, chosen: Callable[..., str], began_s: float, ended_s: float, truce_time: bool) -> None:
        self._prometheus = prometheus
        self._chosen = chosen
        self._span = began_s, ended_s
        self._step_s = max(0.5, (ended_s - began_s) / 240)
        self._clock = self._told("truce_clock_timestamp_seconds{truce='$truce'}") if truce_time else []

    def _told(self, expr: str) -> list[tuple[float, float]]:
        found = self._prometheus.range(self._choose(expr), *self._span, self._step_s)
        return [(float(at), float(value)) for at, value in found[0]["values"]] if found else []

    def _choose(self, text: str) -> str:
        return self._chosen(text, truce=TRUCE, zone=ZONE)

    def series(self, panel: Panel) -> list[tuple[str, list[Any], list[float]]]:
        """(legend, times, values) of every series of a panel, over the time shown."""
        found = []
        for query in panel.queries:
            for one in self._prometheus.range(self._choose(query.expr), *self._span, self._step_s):
                points = [(self._at(float(at)), float(value)) for at, value in one["values"] if value not in ("NaN", "+Inf")]
                if points:
                    found.append((self._named(query.legend, one["metric"]), *map(list, zip(*points, strict=True))))
        return found

    def now(self, panel: Panel) -> list[tuple[str, float]]:
        """(legend, newest value) of every series of a panel."""
        return [
            (self._named(query.legend, one["metric"]), float(one["value"][1]))
            for query in panel.queries
            for one in self._prometheus.ask(self._choose(query.expr), self._span[1])
        ]

    def labelled(self, panel: Panel) -> list[tuple[dict[str, str], float]]:
        found = self._prometheus.ask(self._choose(panel.queries[0].expr), self._span[1])
        return [(one["metric"], float(one["value"][1])) for one in found]

    def _named(self, legend: str, labels: dict[str, str]) -> str:
        legend = self._choose(legend)
        for label, value in labels.items():
            legend = legend.replace(f"{{{{{label}}}}}", value)
        return legend

    def _at(self, at_s: float) -> datetime.datetime:
        """A moment of Prometheus as time of the truce."""
        if self._clock:
            known = [value for at, value in self._clock if at <= at_s]
            at_s = known[-1] if known else self._clock[0][1]
        return datetime.datetime.fromtimestamp(at_s, datetime.UTC)

    # -- one kind of panel each ----------------------------------------------------------------------------------------

    def stat(self, axes: Any, panel: Panel) -> None:
        axes.set_axis_off()
        names = {value: (name, colour) for value, name, colour in panel.values}
        values = self.now(panel)
        big, colour = _shown(values[0][1], panel.unit), COLOURS["blue"]
        if names:
            big, colour = names[int(values[0][1])][0], COLOURS.get(names[int(values[0][1])][1], INK)
        elif panel.limits:
            colour = COLOURS[[name for least, name in panel.limits if least is None or values[0][1] >= least][-1]]
        axes.text(0.5, 0.52, big, ha="center", va="center", fontsize=21 if len(big) < 12 else 15, weight="bold", color=colour)
        told = values if values[0][0] not in ("quiet", "watched") else values[1:]
        rest = "   ".join(f"{name}: {_shown(value, panel.unit)}" for name, value in told) if len(values) > 1 else ""
        axes.text(0.5, 0.14, rest or values[0][0], ha="center", va="center", fontsize=8.5, color=GREY)
        axes.set_title(panel.title, fontsize=9, color=INK, loc="center")

    def band(self, axes: Any, panel: Panel) -> None:
        told = {name: (times, values) for name, times, values in self.series(panel)}
        (times, low), (_, high), (_, best) = told["low"], told["high"], told["best"]
        least = min(len(low), len(high))
        axes.fill_between(times[:least], low[:least], high[:least], color="#c7d9f5", label="low to high", step="post", lw=0)
        axes.step(told["best"][0], best, color=COLOURS["blue"], lw=1.6, where="post", label="best")
        axes.step(*told["limit"], color=COLOURS["red"], lw=1.6, ls=(0, (5, 3)), where="post", label="limit")
        self._finish(axes, panel)

    def time(self, axes: Any, panel: Panel) -> None:
        for (name, times, values), colour in zip(self.series(panel), CYCLE * 3, strict=False):
            axes.plot(times, values, lw=1.4, color=colour, label=name)
        self._finish(axes, panel)

    def stack(self, axes: Any, panel: Panel) -> None:
        told = self.series(panel)
        line = [one for one in told if one[0] == "taken in"]
        parts = [one for one in told if one[0] != "taken in" and max(one[2]) > 0]
        moments = sorted({at for _, times, _ in parts for at in times})
        table = [[dict(zip(times, values, strict=True)).get(at, 0.0) for at in moments] for _, times, values in parts]
        axes.stackplot(moments, *table, labels=[name for name, _, _ in parts], colors=CYCLE, alpha=0.75, lw=0)
        for name, times, values in line:
            axes.plot(times, values, color=INK, lw=1.2, ls=(0, (4, 2)), label=name)
        self._finish(axes, panel)

    def bars(self, axes: Any, panel: Panel) -> None:
        told = sorted(self.now(panel), key=lambda entry: entry[1])[-6:]
        least = panel.limits or ((None, "blue"),)
        colours = [COLOURS[[name for at, name in least if at is None or value >= at][-1]] for _, value in told]
        axes.barh([name for name, _ in told], [value for _, value in told], color=colours, height=0.55)
        for row, (_, value) in enumerate(told):
            axes.text(value, row, f" {_shown(value, panel.unit)}", va="center", fontsize=8, color=INK)
        if panel.unit == "percentunit":
            axes.set_xlim(0, max(1.15, *(value * 1.15 for _, value in told)))
            axes.axvline(1, color=COLOURS["red"], lw=1)
        else:
            axes.set_xlim(0, 1.2 * max(value for _, value in told))
        axes.set_xticks([])
        self._finish(axes, panel, legend=False, dates=False)

    def calendar(self, axes: Any, panel: Panel) -> None:
        cells = {(labels["zone"], labels["day"]): int(value) for labels, value in self.labelled(panel)}
        days = sorted({day for _, day in cells})
        zones = sorted({zone for zone, _ in cells}, key=lambda zone: (zone not in ("all", ZONE), zone))
        words = {value: (name, colour) for value, name, colour in OUTCOMES}
        for y, zone in enumerate(zones):
            for x, day in enumerate(days):
                if (zone, day) in cells:
                    word, colour = words[cells[zone, day]]
                    axes.add_patch(plt.Rectangle((x, y), 0.94, 0.9, color=PALE[colour], lw=0))
                    axes.text(x + 0.47, y + 0.45, SHORT.get(word, word), ha="center", va="center", fontsize=7.5, color=INK)
        axes.set_xlim(0, len(days))
        axes.set_ylim(len(zones), 0)
        axes.set_yticks([y + 0.45 for y in range(len(zones))], zones, fontsize=8)
        axes.set_xticks([x + 0.47 for x in range(len(days))], [f"day {int(day) + 1}" for day in days], fontsize=8)
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_title(panel.title, fontsize=9, color=INK, loc="left", weight="bold")

    def states(self, axes: Any, panel: Panel) -> None:
        names = {value: (name, colour) for value, name, colour in panel.values}
        told = self.series(panel)
        for row, (_, times, values) in enumerate(told):
            start = 0
            for position in range(1, len(values) + 1):
                if position == len(values) or values[position] != values[start]:
                    word, colour = names[int(values[start])]
                    last = times[min(position, len(times) - 1)]
                    axes.barh(row, last - times[start], left=times[start], height=0.7, color=PALE[colour])
                    if (last - times[start]).total_seconds() > 36 * 3_600:
                        middle = times[start] + (last - times[start]) / 2
                        axes.text(middle, row, word, ha="center", va="center", fontsize=8, color=INK)
                    start = position
        axes.set_yticks(range(len(told)), [name for name, _, _ in told], fontsize=8)
        self._finish(axes, panel, legend=False)

    def _finish(self, axes: Any, panel: Panel, legend: bool = True, dates: bool = True) -> None:
        axes.set_title(self._choose(panel.title), fontsize=9, color=INK, loc="left", weight="bold")
        axes.tick_params(labelsize=7.5, colors=GREY, length=2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color("#d0d7de")
        if dates:
            axes.xaxis.set_major_formatter(DateFormatter("%d %b" if self._clock else "%H:%M:%S"))
            axes.xaxis.set_major_locator(plt.MaxNLocator(5))
            axes.set_ylim(bottom=0) if panel.kind != "states" else None
            axes.grid(axis="y", color="#eaeef2", lw=0.7)
        if panel.unit == "percentunit" and dates:
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        if legend:
            handles, names = axes.get_legend_handles_labels()
            axes.legend(handles[:8], names[:8], fontsize=7, frameon=False, ncols=2, loc="upper left", labelcolor=INK)
            axes.set_ylim(top=axes.get_ylim()[1] * 1.35)


def draw(prometheus: Any, chosen: Callable[..., str], began_s: float, ended_s: float, folder: Path) -> None:
    """Both pictures: the situation when the truce was last in force, operations at the end."""
    folder.mkdir(exist_ok=True)
    plt.rcParams["font.family"] = "DejaVu Sans"
    in_force = f'truce_phase{{truce="{TRUCE}",zone="all",phase="in_force"}} == 1'
    last_s = float(prometheus.range(in_force, began_s, ended_s, 0.5)[0]["values"][-1][0])
    canvas = Canvas(prometheus, chosen, began_s, last_s, truce_time=True)
    rows = [
        _find(SITUATION, ["Phase", "Quiet days in a row", "Watched, day that ended last", "Time of the truce", "Alerts"]),
        _find(SITUATION, ["Level of seven days, and seven days at the limit", "Today so far, and a day's limit"]),
        _find(SITUATION, ["Days, zone by zone"]),
        _find(SITUATION, ["Incidents by grade", "Disagreement", "Silence, against what a source may"]),
        _find(SITUATION, ["Phase over time"]),
    ]
    _picture(
        canvas, f"Truce: situation     truce = {TRUCE}   zone = {ZONE}", rows, [1.0, 2.5, 4.2, 2.5, 0.8], folder / "situation.png"
    )
    # What happened while the worker started is another story.
    canvas = Canvas(prometheus, chosen, began_s + (ended_s - began_s) / 5, ended_s, truce_time=False)
    rows = [
        _find(OPERATIONS, ["Processes", "Alerts", "Age of time, live truces", "Longest wait", "Not accounted for"]),
        _find(OPERATIONS, ["Reports a second, at the intake", "Records that wait", "Age of reports"]),
        _find(OPERATIONS, ["Time of a step, 95 %", "Records in a batch, mean", "Transactions a second"]),
        _find(OPERATIONS, ["Refused, by reason", "Reports by what became of them", "Sizes against their limits"]),
    ]
    _picture(canvas, "Truce: operations", rows, [1.0, 2.6, 2.6, 2.6], folder / "operations.png")


def _find(rows: Sequence[Row], titles: Sequence[str]) -> list[Panel]:
    panels = {panel.title: panel for row in rows for panel in row.panels}
    return [panels[title] for title in titles]


def _picture(canvas: Canvas, title: str, rows: list[list[Panel]], heights: list[float], path: Path) -> None:
    figure = plt.figure(figsize=(13, sum(heights) * 1.05), dpi=95, facecolor="white", layout="constrained")
    figure.suptitle(title, fontsize=12, color=INK, x=0.01, ha="left", weight="bold")
    for subfigure, panels in zip(figure.subfigures(len(rows), 1, height_ratios=heights), rows, strict=True):
        many = subfigure.subplots(1, len(panels), squeeze=False)
        for axes, panel in zip(many[0], panels, strict=True):
            getattr(canvas, panel.kind)(axes, panel)
    figure.savefig(path, pil_kwargs={"optimize": True})
    plt.close(figure)


def _shown(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{value:.1%}" if 0 < value < 0.01 else f"{value:.0%}"
    if unit == "dateTimeAsIso":
        return datetime.datetime.fromtimestamp(value / 1_000, datetime.UTC).strftime("%d %b %Y %H:%M")
    return f"{value:.1f} s" if unit == "s" else f"{value:,.0f}"
