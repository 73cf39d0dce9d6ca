"""No message exceeds 512 KB, whatever terms let be listed and however long the names are that reporters choose."""

from core.builders import TERMS, Told, located, run, stated, tick

from schemas.facts import Circle, Evidence
from schemas.reasons import Method
from schemas.topics import EVIDENCE
from streams.core.chain import BODY_MAX
from streams.core.intake import terms_record
from streams.core.terms import HOUR, parse

CIRCLE = Circle(36.20, 37.15, 500, 1, Method.COORDINATES, ["SY.09"])


def test_evidence_lists_no_more_than_a_message_holds() -> None:
    mapping = TERMS.as_mapping()
    terms = parse(mapping | {"limits": mapping["limits"] | {"listed_max": 5_000}})
    log = [terms_record(terms)]
    for number in range(1_200):
        name = f"{number:04}" + 196 * "\N{ARABIC LETTER BEH}"
        body = {"report_id": name, "source": name, "type": "violation", "kind": "attack", "weapon": "mortar"}
        log.append(located(Told(body | {"occurred_at": stated(TERMS.d_hour_s)}, CIRCLE, TERMS.d_hour_s + HOUR), len(log)))
    log.append(tick(TERMS.d_hour_s + 6 * HOUR, len(log)))
    readers, _ = run(log)
    assert max(len(value) for value in readers.values.values()) <= BODY_MAX
    told = max(readers.bodies(EVIDENCE, Evidence).values(), key=lambda evidence: evidence.count)
    assert told.count > 1_000
    assert 100 < len(told.reports) < told.count
