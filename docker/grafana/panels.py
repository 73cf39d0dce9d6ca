"""What the two dashboards show: every panel with its queries, as data.

`build` makes Grafana's JSON of it, the tests put every query to a real Prometheus, and `pictures` draws the main ones; so
there is one place where a query is written.
"""

from typing import Any, Literal, NamedTuple

TRUCE, ZONE = 'truce="$truce"', 'truce="$truce",zone="$zone"'
WIDTH = 24
"""Grafana's grid."""


class Query(NamedTuple):
    """`legend` names each series by its labels. `instant`: only the newest value counts."""

    expr: str
    legend: str = ""
    instant: bool = False


class Panel(NamedTuple):
    """`values`: names and colours of the values that a state may have. `limits`: (from this value on, colour), ascending.

    `empty`: whether it is well that the panel may have no data. `reason`: the drill-down by this variable starts here.
    """

    title: str
    kind: Literal["stat", "time", "stack", "band", "bars", "calendar", "states"]
    queries: tuple[Query, ...]
    says: str
    width: int = WIDTH // 3
    height: int = 8
    unit: str = "short"
    values: tuple[tuple[int, str, str], ...] = ()
    limits: tuple[tuple[float | None, str], ...] = ()
    empty: bool = False
    drills: bool = False


class Row(NamedTuple):
    title: str
    panels: tuple[Panel, ...]


PHASES = ((0, "announced", "text"), (1, "in force", "blue"), (2, "qualified", "green"), (3, "ended", "purple"))
OUTCOMES = (
    (0, "pending", "text"),
    (1, "quiet", "green"),
    (2, "unknown", "blue"),
    (3, "contested", "yellow"),
    (4, "denied", "purple"),
    (5, "violent", "red"),
    (6, "void", "text"),
)
ACCESS = ((0, "unreported", "blue"), (1, "open", "green"), (2, "denied", "purple"))
SHORT = {
    "pending": "…",
    "unknown": "?",
    "contested": "cont.",
    "denied": "den.",
    "violent": "viol.",
    "void": "–",
}
NONE_IS_GOOD = ((None, "green"), (1, "red"))


def phase_of(labels: str) -> str:
    """0 to 3, as in `PHASES`."""
    return (
        f'max by (truce, zone) (1 * truce_phase{{{labels},phase="in_force"}}'
        f' + ignoring (phase) 2 * truce_phase{{{labels},phase="qualified"}}'
        f' + ignoring (phase) 3 * truce_phase{{{labels},phase="ended"}})'
    )


def band(title: str, metric: str, limit: str, says: str) -> Panel:
    """A level as an interval, against its limit."""
    bounds = tuple(Query(f'sum({metric}{{{ZONE},bound="{bound}"}})', bound) for bound in ("low", "best", "high"))
    return Panel(title, "band", (*bounds, Query(limit, "limit")), says, WIDTH // 2, 9)


def stat(title: str, queries: tuple[Query, ...], says: str, width: int = 5, **others: Any) -> Panel:
    """The newest values, large."""
    return Panel(title, "stat", tuple(query._replace(instant=True) for query in queries), says, width, 5, **others)


SITUATION = (
    Row(
        "Now",
        (
            stat(
                "Phase",
                (Query(phase_of(ZONE), "{{zone}}"),),
                "The phase that stands, as announced on truce.phases.",
                values=PHASES,
            ),
            stat(
                "Quiet days in a row",
                (
                    Query(f"truce_streak{{{ZONE}}}", "quiet"),
                    Query(f"truce_streak_needed{{{TRUCE}}}", "needed"),
                ),
                "The best run that ends on the last settled day, and what a run needs.",
            ),
            stat(
                "Watched, day that ended last",
                (
                    Query(f"truce_ended_day_watched_ratio{{{ZONE}}}", "watched"),
                    Query(f"truce_day_watched_min_ratio{{{TRUCE}}}", "needed"),
                ),
                "Share of the day during which enough lineages watched at once. Below what is needed the day is unknown.",
                unit="percentunit",
            ),
            stat(
                "Time of the truce",
                (Query(f"1000 * max(truce_clock_timestamp_seconds{{{TRUCE}}})", ""),),
                "What the ticks have reached. In a live truce it is seconds behind the clock on the wall.",
                unit="dateTimeAsIso",
            ),
            stat(
                "Alerts",
                (Query('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"),),
                "Nothing firing: alive, complete, current, trustworthy.",
                width=4,
                limits=NONE_IS_GOOD,
            ),
        ),
    ),
    Row(
        "Violence",
        (
            band(
                "Level of seven days, and seven days at the limit",
                "truce_level",
                f"7 * sum(truce_day_limit{{{ZONE}}})",
                "The band is from what is certain to what could be. In the metric of the zone's threshold.",
            ),
            band(
                "Today so far, and a day's limit",
                "truce_day_level",
                f"sum(truce_day_limit{{{ZONE}}})",
                "Low above the limit: the day is violent. High above it: contested, unless it is cleared up.",
            ),
        ),
    ),
    Row(
        "Days",
        (
            Panel(
                "Days, zone by zone",
                "calendar",
                (Query(f"max by (zone, day) (truce_day_outcome{{{TRUCE}}})", "{{zone}} {{day}}", instant=True),),
                "A row a zone, a column a day of 24 hours from D-hour. Only gated zones hold the gate shut.",
                24,
                12,
                values=OUTCOMES,
            ),
        ),
    ),
    Row(
        "Can it be trusted",
        (
            Panel(
                "Watched today so far",
                "time",
                (
                    Query(f"truce_day_watched_ratio{{{ZONE}}}", "watched"),
                    Query(f"truce_day_elapsed_ratio{{{TRUCE}}}", "over"),
                    Query(f"truce_day_watched_min_ratio{{{TRUCE}}}", "needed"),
                ),
                "Share of the whole day that was watched, and that is over. Being alive proves watch back to the last time.",
                unit="percentunit",
            ),
            Panel(
                "Lineages that spoke of today",
                "stack",
                (Query(f"sum by (side) (truce_lineages_heard{{{TRUCE}}})", "{{side}}"),),
                "By side; two lineages that quote each other count once.",
            ),
            Panel(
                "Silence, against what a source may",
                "bars",
                (
                    Query(
                        f"max by (source) (truce_source_silence_seconds{{{TRUCE}}} / truce_source_silence_max_seconds)",
                        "{{source}}",
                        instant=True,
                    ),
                ),
                "Sources that the terms count on for watch. Above 100 % one is silent, and its zones are unwatched.",
                unit="percentunit",
                limits=((None, "green"), (0.8, "orange"), (1, "red")),
            ),
            Panel(
                "Incidents by grade",
                "stack",
                (Query(f"sum by (grade) (truce_incidents{{{TRUCE}}})", "{{grade}}"),),
                "Weak: one lineage or side only. Fair and confirmed count in the low.",
            ),
            Panel(
                "Disagreement",
                "time",
                (
                    Query(f"sum by (side) (truce_incidents_one_sided{{{TRUCE}}})", "told by {{side}} alone"),
                    Query(f"truce_incidents_disputed{{{TRUCE}}}", "denied by somebody"),
                    Query(
                        f'sum(truce_level{{{ZONE},bound="high"}}) - sum(truce_level{{{ZONE},bound="low"}})',
                        "high less low of $zone",
                    ),
                ),
                "How far apart the accounts are: incidents that one side alone tells or somebody denies; the width of the level.",
            ),
            Panel(
                "Access",
                "states",
                (Query(f"max by (area) (truce_access{{{TRUCE}}})", "{{area}}"),),
                "Of each area that the terms name, now.",
                values=ACCESS,
                empty=True,
            ),
            Panel(
                "Phase over time",
                "states",
                (Query(phase_of(f'{TRUCE},zone="all"'), "{{zone}}"),),
                "Each change is marked on all panels.",
                24,
                5,
                values=PHASES,
            ),
        ),
    ),
)

REASON = 'reason=~"$reason"'
OF_PROCESS = "(job, instance)"
UNACCOUNTED_IN_STATE = (
    "sum(abs(truce_reports_taken - on (job, instance, truce) sum by (job, instance, truce) (truce_reports_accounted)))"
)
UNACCOUNTED_AT_INTAKE = (
    "sum(abs(truce_reports_received_total - truce_reports_routed_total - truce_reports_outside_total"
    f' - on {OF_PROCESS} sum by {OF_PROCESS} (truce_reports_rejected_total{{stage="intake"}})))'
)
AGE = "sum by (le, stage) (rate(truce_report_age_seconds_bucket[$__rate_interval]))"

OPERATIONS = (
    Row(
        "Alive and current",
        (
            stat(
                "Processes",
                (Query("count by (stage) (truce_partitions_assigned)", "{{stage}}"),),
                "Processes of each stage that answer.",
                limits=((None, "red"), (1, "green")),
            ),
            stat(
                "Alerts",
                (Query('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"),),
                "Each has a paragraph in the runbook.",
                width=4,
                limits=NONE_IS_GOOD,
            ),
            stat(
                "Age of time, live truces",
                (Query('max(time() - truce_clock_timestamp_seconds{kind="live"})', "oldest"),),
                "How far the truce furthest behind is from the clock on the wall. A tick interval and a little is right.",
                unit="s",
                limits=((None, "green"), (180, "orange"), (300, "red")),
            ),
            stat(
                "Longest wait",
                (Query("max by (stage) (truce_lag_seconds)", "{{stage}}"),),
                "How long the first record that waits has waited.",
                unit="s",
                limits=((None, "green"), (60, "orange"), (300, "red")),
            ),
            stat(
                "Not accounted for",
                (
                    Query(UNACCOUNTED_IN_STATE, "in the state"),
                    Query(UNACCOUNTED_AT_INTAKE, "at the intake"),
                ),
                "In = accounted for. Anything but zero is a bug of ours.",
                limits=NONE_IS_GOOD,
            ),
        ),
    ),
    Row(
        "Flow",
        (
            Panel(
                "Reports a second, at the intake",
                "time",
                (
                    Query("sum(rate(truce_reports_received_total[$__rate_interval]))", "received"),
                    Query("sum(rate(truce_reports_routed_total[$__rate_interval]))", "into the log"),
                    Query("sum(rate(truce_reports_outside_total[$__rate_interval]))", "outside"),
                    Query('sum(rate(truce_reports_rejected_total{stage="intake"}[$__rate_interval]))', "refused"),
                ),
                "Received is the sum of the other three.",
                unit="reqps",
            ),
            Panel(
                "Log and facts a second, at the monitor",
                "time",
                (
                    Query("sum(rate(truce_log_records_decided_total[$__rate_interval]))", "decided"),
                    Query("sum by (topic) (rate(truce_facts_published_total[$__rate_interval])) > 0", "{{topic}}"),
                ),
                "Records of the log taken in, ticks among them, and what was published for it.",
                unit="reqps",
            ),
            Panel(
                "Places, by method",
                "stack",
                (
                    Query(
                        "sum by (method, precision) (rate(truce_reports_located_total[$__rate_interval]))",
                        "{{method}} ({{precision}})",
                    ),
                ),
                "In brackets the precision: 1 exact, 4 province, 6 country. A sudden shift: a source changed its reports.",
                unit="reqps",
            ),
            Panel(
                "Records that wait",
                "time",
                (Query("max by (topic, partition) (truce_lag_records)", "{{topic}}/{{partition}}"),),
                "By partition: of the report topics for the intake, of truce.located for the monitor.",
            ),
            Panel(
                "Seconds that the first has waited",
                "time",
                (Query("max by (topic, partition) (truce_lag_seconds)", "{{topic}}/{{partition}}"),),
                "Lag is never peace: a truce's time waits for it.",
                unit="s",
            ),
            Panel(
                "Age of reports",
                "time",
                tuple(
                    Query(f"histogram_quantile({share}, {AGE})", f"{round(share * 100)} % {{{{stage}}}}")
                    for share in (0.5, 0.95, 0.99)
                ),
                "From publishing to the log (intake), and to the commit of what follows from it (monitor).",
                unit="s",
            ),
        ),
    ),
    Row(
        "Work",
        (
            Panel(
                "Time of a step, 95 %",
                "time",
                (
                    Query(
                        "histogram_quantile(0.95, sum by (le, stage, step) (rate(truce_step_seconds_bucket[$__rate_interval])))",
                        "{{stage}} {{step}}",
                    ),
                ),
                "Of a batch: judge and write at the intake; decide, flush and commit at the monitor.",
                unit="s",
            ),
            Panel(
                "Records in a batch, mean",
                "time",
                (
                    Query(
                        "sum by (stage) (rate(truce_batch_records_sum[$__rate_interval]))"
                        " / sum by (stage) (rate(truce_batch_records_count[$__rate_interval]))",
                        "{{stage}}",
                    ),
                ),
                "Batches grow under load and stay small when it is quiet.",
            ),
            Panel(
                "Transactions a second",
                "time",
                (Query("sum by (outcome) (rate(truce_transactions_total[$__rate_interval]))", "{{outcome}}"),),
                "One a batch. Aborted ones are done again from the checkpoint.",
                unit="ops",
            ),
        ),
    ),
    Row(
        "Refused",
        (
            Panel(
                "Refused, by reason",
                "bars",
                (
                    Query(
                        "sum by (reason) (increase(truce_reports_rejected_total[$__range])) > 0",
                        "{{reason}}",
                        instant=True,
                    ),
                ),
                "Over the time shown. A click on a reason shows who was refused for it.",
                12,
                8,
                drills=True,
                empty=True,
            ),
            Panel(
                "Refused for $reason, by class of source",
                "stack",
                (
                    Query(
                        f"sum by (source_class) (rate(truce_reports_rejected_total{{{REASON}}}[$__rate_interval]))",
                        "{{source_class}}",
                    ),
                ),
                "Independent and side: sources of the terms. Unlisted: anybody else. Unreadable: nobody can tell.",
                12,
                8,
                unit="reqps",
            ),
        ),
    ),
    Row(
        "State",
        (
            Panel(
                "Reports by what became of them",
                "stack",
                (
                    Query("sum by (account) (truce_reports_accounted)", "{{account}}"),
                    Query("sum(truce_reports_taken)", "taken in"),
                ),
                "The conservation panel: the stack reaches the line, or a report is unaccounted for.",
            ),
            Panel(
                "Sizes against their limits",
                "bars",
                (Query("max by (truce, what) (truce_state_size / truce_state_limit)", "{{what}} {{truce}}", instant=True),),
                "At 100 % reports are refused, with a marker.",
                unit="percentunit",
                limits=((None, "green"), (0.6, "orange"), (0.8, "red")),
            ),
            Panel(
                "Recovery: records still to replay",
                "time",
                (
                    Query("truce_recovery_remaining_records", "partition {{partition}}"),
                    Query("truce_recovery_seconds", "seconds of the last, {{partition}}"),
                ),
                "After a start or a failed transaction the state is rebuilt from base and log.",
            ),
            Panel(
                "Markers, halted truces",
                "time",
                (
                    Query("sum by (truce) (truce_markers)", "markers {{truce}}"),
                    Query("sum by (truce) (truce_halted)", "halted {{truce}}"),
                ),
                "What stands in the way of a quiet day by a fault of ours.",
            ),
            Panel(
                "Memory",
                "time",
                (Query('process_resident_memory_bytes{job="truce"}', "{{instance}}"),),
                "Of each process.",
                unit="bytes",
            ),
            Panel(
                "Processor",
                "time",
                (Query('rate(process_cpu_seconds_total{job="truce"}[$__rate_interval])', "{{instance}}"),),
                "Cores that each process keeps busy.",
            ),
        ),
    ),
)

DASHBOARDS = {"situation": SITUATION, "operations": OPERATIONS}
