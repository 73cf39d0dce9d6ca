"""`truce topics`: create and check the topics."""

import sys

import click
import orjson

from schemas.topics import REPORTS_PREFIX
from streams import clients
from streams.acls import acl_commands
from streams.settings import load
from streams.topics import Finding, check_topics, is_report_topic


class ReportTopic(click.ParamType):
    """NAME:PARTITIONS, as in reports.field:4."""

    name = "NAME:PARTITIONS"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        topic, _, count = value.rpartition(":")
        if not is_report_topic(topic) or not count.isdecimal() or not int(count):
            self.fail(
                f"{value!r}: write it as {REPORTS_PREFIX}field:4, a name with {REPORTS_PREFIX}, of letters, digits, '.', '_' and "
                "'-', and a number",
                param,
                ctx,
            )
        return topic, int(count)


@click.command()
@click.option("--create", is_flag=True, help="Create what is missing.")
@click.option("--mend", is_flag=True, help="Set configuration that differs on topics that exist.")
@click.option("--check", is_flag=True, help="Change nothing; this is the default.")
@click.option("--reports", type=ReportTopic(), multiple=True, help="A report topic that must be there, such as reports.field:4.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a topic.")
@click.option("--acls", is_flag=True, help="Only print the kafka-acls commands of a safe deployment.")
@click.option("--reporter", "reporters", multiple=True, help="With --acls: a reporting body, which gets topics of its own.")
def topics(
    create: bool,
    mend: bool,
    check: bool,
    reports: tuple[tuple[str, int], ...],
    as_json: bool,
    acls: bool,
    reporters: tuple[str, ...],
) -> None:
    """Check the topics on the broker against what this program needs; exits with 1 if any is wrong.

    Report topics (reports.*) that are there are checked too. Live ones must stamp messages with the broker's own time;
    those named reports.simulated.* must keep them for ever.
    """
    if check and (create or mend):
        raise click.UsageError("--check changes nothing: leave it out with --create or --mend")
    settings = load()
    if acls:
        for command in acl_commands(settings.bootstrap, settings.prefix, reporters):
            click.echo(command)
        return
    with clients.admin(settings) as client:
        findings = check_topics(
            client, settings.log_partitions, dict(reports), settings.replication_factor, create=create, mend=mend
        )
    for finding in findings:
        click.echo(orjson.dumps(finding._asdict()) if as_json else _readable(finding))
    if any(finding.is_wrong for finding in findings):
        sys.exit(1)


def _readable(finding: Finding) -> str:
    line = f"{finding.topic:<32} {finding.state:<8}"
    if not finding.is_wrong:
        return f"{line} {finding.partitions} partition{'s' if finding.partitions != 1 else ''}"
    return f"{line} {'; '.join(finding.differences)}: {'; '.join(finding.remedies)}"
