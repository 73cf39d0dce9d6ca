"""Incidents and changes of phase as CSV with a row of HXL tags under the names of the columns.

Spreadsheets take a cell that begins with =, +, - or @ for a formula. The words of others get an apostrophe before such a
beginning; numbers stay numbers.
"""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO

from streams.board.telling import Telling
from streams.board.view import TruceView
from streams.board.words import Words
from streams.exports.rows import Value, change_row, incident_row, standing_incidents

INCIDENT_TAGS = {
    "id": "#event+id",
    "truce": "#crisis+code",
    "kind": "#event+kind",
    "weapon": "#event+weapon",
    "starts": "#date+start",
    "ends": "#date+end",
    "time_precision": "#date+precision",
    "lat": "#geo+lat",
    "lon": "#geo+lon",
    "radius_m": "#geo+radius",
    "precision": "#geo+precision",
    "place": "#loc+name",
    "zones_certain": "#region+code+certain",
    "zones_possible": "#region+code+possible",
    "killed_low": "#affected+killed+min",
    "killed_best": "#affected+killed",
    "killed_high": "#affected+killed+max",
    "injured_low": "#affected+injured+min",
    "injured_best": "#affected+injured",
    "injured_high": "#affected+injured+max",
    "who": "#affected+type",
    "severity_low": "#severity+num+min",
    "severity_best": "#severity+num",
    "severity_high": "#severity+num+max",
    "grade": "#status+grade",
    "scope": "#status+scope",
    "counted": "#status+counted",
    "disputed": "#status+disputed",
    "discounted": "#status+discounted",
    "by": "#group+name+first",
    "lineages": "#meta+lineages+num",
    "reports": "#meta+reports+num",
    "status": "#status+verification",
}
CHANGE_TAGS = {
    "id": "#event+id",
    "truce": "#crisis+code",
    "zone": "#region+code",
    "zone_name": "#region+name",
    "sequence": "#meta+sequence+num",
    "kind": "#event+type",
    "before": "#status+phase+before",
    "after": "#status+phase+after",
    "before_name": "#status+name+before",
    "after_name": "#status+name+after",
    "reason": "#event+reason",
    "detail": "#description",
    "effective_at": "#date+effective",
    "decided_at": "#date+decided",
    "revisable_until": "#date+revisable",
    "supersedes": "#event+id+superseded",
    "stands": "#status+stands",
    "streaks": "#indicator+streak+text",
    "assumptions": "#meta+assumptions+num",
    "assumed_alive": "#meta+assumed+num",
    "terms": "#meta+terms+id",
    "status": "#status+verification",
}
_FORMULA = ("=", "+", "-", "@")


def files(truce: TruceView, sender: str) -> dict[str, bytes]:
    return {
        f"{truce.id}.incidents.csv": incidents(truce),
        f"{truce.id}.phases.csv": phases(truce),
    }


def incidents(truce: TruceView) -> bytes:
    return _table(INCIDENT_TAGS, (incident_row(incident) for incident in standing_incidents(truce)))


def phases(truce: TruceView) -> bytes:
    tell = Telling(truce, Words("en"))
    return _table(CHANGE_TAGS, (change_row(change, truce, tell) for change in truce.changes))


def _table(tags: Mapping[str, str], rows: Iterable[Mapping[str, Value]]) -> bytes:
    text = StringIO()
    table = csv.writer(text)
    table.writerow(tags)
    table.writerow(tags.values())
    for row in rows:
        table.writerow([_cell(row[name]) for name in tags])
    return text.getvalue().encode()


def _cell(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


__all__ = ["CHANGE_TAGS", "INCIDENT_TAGS", "files", "incidents", "phases"]
