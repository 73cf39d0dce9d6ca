"""The reports of a made-up conflict through this program's own intake and matching, with no gate."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from load_tests.truth.score import Key
from load_tests.truth.tellers import Telling
from schemas.facts import Circle, LocatedReport, Report
from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake, terms_record
from streams.core.picture import Picture, key_of
from streams.core.terms import Terms


class Located(NamedTuple):
    """A report that the intake let pass, and where it points."""

    telling: Telling
    report: Report
    circle: Circle


def located(told: Iterable[Telling], terms: Terms) -> list[Located]:
    """Violations that were accepted, in order of receipt."""
    intake, found = Intake(), []
    intake.follow(terms_record(terms))
    topic = terms.truce.topics[0]
    for offset, telling in enumerate(told):
        header = (RECEIVED_AT_HEADER, str(telling.received_at).encode())
        taken = intake.take(Incoming(topic, 0, offset, telling.received_at * 1_000, None, telling.value, (header,)))
        for entry in taken if isinstance(taken, list) else ():
            logged = msgspec.json.decode(entry.value, type=LocatedReport)
            if logged.circle is not None:
                found.append(Located(telling, msgspec.json.decode(logged.report, type=Report), logged.circle))
    return found


def picture_of(reports: Sequence[Located], terms: Terms, batch: int = 500) -> Picture:
    """What the monitor knows when it has read them."""
    picture = Picture(terms)
    for number, (telling, report, circle) in enumerate(reports, start=1):
        picture.add(key_of(report.source, report.report_id), report, circle, telling.received_at)
        if number % batch == 0:
            picture.resolve()
    picture.resolve()
    return picture


def groups(picture: Picture) -> dict[Key, str]:
    """By report, its incident."""
    return {
        (account.source_name, account.report_id): incident.id
        for incident in picture.incidents.values()
        for account in incident.first_accounts()
    }


def happening_of(picture: Picture, truth: dict[Key, int]) -> dict[str, int]:
    """By incident, what most of its reports tell of."""
    told: dict[str, Counter[int]] = {}
    for key, incident in groups(picture).items():
        told.setdefault(incident, Counter())[truth[key]] += 1
    return {incident: max(counts, key=lambda number: (counts[number], number)) for incident, counts in told.items()}


__all__ = ["Located", "groups", "happening_of", "located", "picture_of"]
