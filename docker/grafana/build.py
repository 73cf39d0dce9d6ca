"""Makes the dashboards that Grafana is provisioned with: `uv run python docker/grafana/build.py` writes dashboards/*.json.

Built with Grafana's own types. Colours are names of Grafana's palette, which it shows as fits its light or dark theme.
The runbook is a dashboard too, made of the README, so that a link in an alert or a panel works without any other server.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, statetimeline, table, text, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as c
from grafana_foundation_sdk.models import dashboard as d
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from panels import DASHBOARDS, SHORT, TRUCE, WIDTH, Panel, Row

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
SOURCE = d.DataSourceRef(type_val="prometheus", uid="prometheus")
TITLES = {"situation": "Truce: situation", "operations": "Truce: operations", "runbook": "Truce: runbook"}


def main() -> None:
    for name, content in built().items():
        (HERE / "dashboards" / f"{name}.json").write_text(content, encoding="utf-8")


def built() -> dict[str, str]:
    """The JSON of each dashboard, by name."""
    boards = {name: _dashboard(name, rows) for name, rows in DASHBOARDS.items()}
    boards["runbook"] = _runbook()
    return {name: _as_json(board) for name, board in boards.items()}


def _as_json(board: dashboard.Dashboard) -> str:
    content = json.loads(JSONEncoder().encode(board.build()))
    for annotation in content["annotations"].get("list", ()):
        # Options of Grafana's Prometheus source, which the types of a dashboard do not know.
        annotation |= {"step": "60s", "titleFormat": "{{phase}}", "textFormat": "{{truce}}"}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _dashboard(name: str, rows: tuple[Row, ...]) -> dashboard.Dashboard:
    board = _empty(name).time("now-24h", "now").refresh("30s").tooltip(d.DashboardCursorSync.CROSSHAIR)
    board.with_variable(_variable("truce", "label_values(truce_terms_info, truce)"))
    if name == "situation":
        board.with_variable(_variable("zone", f"label_values(truce_zone_gated{{{TRUCE}}}, zone)", "all"))
    else:
        reasons = _variable("reason", "label_values(truce_reports_rejected_total, reason)")
        board.with_variable(reasons.include_all(True).all_value(".*").current(d.VariableOption(text="All", value="$__all")))
    board.annotation(_phase_changes())
    number = y = 0
    for row in rows:
        board.with_row(dashboard.Row(row.title).grid_pos(d.GridPos(h=1, w=WIDTH, x=0, y=y)))
        y += 1
        x = height = 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y = 0, y + height
            number += 1
            board.with_panel(_panel(panel, name).id(number).grid_pos(d.GridPos(h=panel.height, w=panel.width, x=x, y=y)))
            x, height = x + panel.width, panel.height
        y += height
    return board


def _empty(name: str) -> dashboard.Dashboard:
    board = dashboard.Dashboard(TITLES[name]).uid(f"truce-{name}").tags(["truce"]).timezone("utc").readonly()
    for other in TITLES:
        if other != name:
            keep = other != "runbook"
            board.link(
                dashboard.DashboardLink(TITLES[other])
                .type(d.DashboardLinkType.LINK)
                .url(f"/d/truce-{other}")
                .include_vars(keep)
                .keep_time(keep)
            )
    return board


def _variable(name: str, query: str, default: str | None = None) -> dashboard.QueryVariable:
    variable = (
        dashboard.QueryVariable(name).label(name).datasource(SOURCE).query(query).refresh(d.VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
    variable.sort(d.VariableSort.ALPHABETICAL_ASC)
    return variable.current(d.VariableOption(text=default, value=default)) if default else variable


def _phase_changes() -> dashboard.AnnotationQuery:
    changed = f'changes(truce_phase{{{TRUCE},zone="all"}}[1m]) > 0 and truce_phase{{{TRUCE},zone="all"}} == 1'
    return dashboard.AnnotationQuery().name("Changes of phase").datasource(SOURCE).enable(True).icon_color("purple").expr(changed)


def _panel(panel: Panel, name: str) -> Any:
    made = KINDS[panel.kind]().title(panel.title).description(panel.says).datasource(SOURCE).unit(panel.unit)
    for query, ref in zip(panel.queries, "ABCDEFGH", strict=False):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref).datasource(SOURCE)
        target = target.instant() if query.instant else target.range()
        made.with_target(target.format(PromQueryFormat.TABLE) if panel.kind == "calendar" else target)
    if panel.values:
        made.mappings([_mapping(panel)])
    if panel.limits:
        made.thresholds(
            dashboard.ThresholdsConfig()
            .mode(d.ThresholdsMode.ABSOLUTE)
            .steps([d.Threshold(v, colour) for v, colour in panel.limits])
        )
        made.color_scheme(dashboard.FieldColor().mode(d.FieldColorModeId.THRESHOLDS))
    if panel.kind == "band":
        _band(made)
    if panel.drills:
        url = f"/d/truce-{name}?${{__url_time_range}}&var-truce=$truce&var-reason=${{__series.name}}"
        made.data_links([dashboard.DashboardLink("who was refused for it").url(url)])
    return made


def _mapping(panel: Panel) -> d.ValueMap:
    texts = SHORT if panel.kind == "calendar" else {}
    # As a background the colour of text would hide the text.
    backgrounds = {"text": "transparent"} if panel.kind == "calendar" else {}
    return d.ValueMap(
        options={
            str(value): d.ValueMappingResult(texts.get(word, word), backgrounds.get(colour, colour), None, index)
            for index, (value, word, colour) in enumerate(panel.values)
        }
    )


def _band(made: timeseries.Panel) -> None:
    """Low to high as an area, best as the line in it, the limit dashed."""

    def fixed(colour: str) -> d.DynamicConfigValue:
        return d.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})

    made.override_by_name("high", [fixed("blue"), _custom("fillBelowTo", "low"), _custom("lineWidth", 0)])
    made.override_by_name("low", [fixed("blue"), _custom("lineWidth", 0)])
    made.override_by_name("best", [fixed("blue"), _custom("lineWidth", 2)])
    made.override_by_name(
        "limit", [fixed("red"), _custom("lineStyle", {"fill": "dash", "dash": [8, 6]}), _custom("lineWidth", 2)]
    )


def _custom(name: str, value: object) -> d.DynamicConfigValue:
    return d.DynamicConfigValue(f"custom.{name}", value)


def _legend() -> common.VizLegendOptions:
    return common.VizLegendOptions().display_mode(c.LegendDisplayMode.LIST).placement(c.LegendPlacement.BOTTOM).show_legend(True)


def _tooltip() -> common.VizTooltipOptions:
    return common.VizTooltipOptions().mode(c.TooltipDisplayMode.MULTI).sort(c.SortOrder.DESCENDING)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _stat() -> stat.Panel:
    made = stat.Panel().reduce_options(_last()).graph_mode(c.BigValueGraphMode.NONE)
    return made.color_mode(c.BigValueColorMode.VALUE).text_mode(c.BigValueTextMode.AUTO)


def _time() -> timeseries.Panel:
    made = timeseries.Panel().legend(_legend()).tooltip(_tooltip()).line_width(1.5).show_points(c.VisibilityMode.NEVER)
    return made.axis_soft_min(0).span_nulls(False)


def _stack() -> timeseries.Panel:
    stacking = common.StackingConfig().mode(c.StackingMode.NORMAL).group("A")
    made = _time().fill_opacity(40).stacking(stacking)
    # A total in the same panel is a line over the stack, not a part of it.
    return made.override_by_name(
        "taken in", [_custom("stacking", {"mode": "none"}), _custom("fillOpacity", 0), _custom("lineWidth", 2)]
    )


def _bars() -> bargauge.Panel:
    made = bargauge.Panel().reduce_options(_last()).orientation(c.VizOrientation.HORIZONTAL).min(0)
    return made.display_mode(c.BarGaugeDisplayMode.BASIC).name_placement(c.BarGaugeNamePlacement.LEFT)


def _states() -> statetimeline.Panel:
    return (
        statetimeline.Panel()
        .legend(_legend())
        .merge_values(True)
        .show_value(c.VisibilityMode.AUTO)
        .row_height(0.8)
        .line_width(0)
        .fill_opacity(70)
    )


def _calendar() -> table.Panel:
    made = table.Panel().show_header(True).cell_height(c.TableCellHeight.SM).align(c.FieldTextAlignment.CENTER).min_width(44)
    made.cell_options(c.TableColoredBackgroundCellOptions(mode=c.TableCellBackgroundDisplayMode.BASIC))
    matrix = {"columnField": "day", "rowField": "zone", "valueField": "Value", "emptyValue": "null"}
    made.with_transformation(d.DataTransformerConfig(id_val="groupingToMatrix", options=matrix))
    return made.override_by_name(
        "zone\\day", [_custom("width", 130), _custom("align", "left"), d.DynamicConfigValue("displayName", "zone")]
    )


KINDS = {
    "stat": _stat,
    "time": _time,
    "stack": _stack,
    "band": _time,
    "bars": _bars,
    "calendar": _calendar,
    "states": _states,
}


def _runbook() -> dashboard.Dashboard:
    """One text panel an alert, in the order of the README."""
    board = _empty("runbook").time("now-1h", "now")
    for number, (title, paragraph) in enumerate(_paragraphs(), start=1):
        panel = text.Panel().title(title).mode(text.text.TextMode.MARKDOWN).content(paragraph)
        board.with_panel(panel.id(number).grid_pos(d.GridPos(h=6, w=12, x=12 * ((number - 1) % 2), y=6 * ((number - 1) // 2))))
    return board


def _paragraphs() -> Iterator[tuple[str, str]]:
    section = README.read_text(encoding="utf-8").split("### Runbook\n")[1].split("\n## ")[0]
    intro, *rest = re.split(r"^#### ", section, flags=re.MULTILINE)
    yield "How to read this", _joined(intro)
    for paragraph in rest:
        title, body = paragraph.split("\n", 1)
        yield title, _joined(body)


def _joined(paragraph: str) -> str:
    lines = " ".join(paragraph.split())
    return re.sub(r" (?=\*(?:Look|Do):\*)", "\n\n", lines)


if __name__ == "__main__":
    main()
