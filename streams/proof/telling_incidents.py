"""Why an incident is one: what each report adds to the evidence that they tell of the same thing, and what follows from them.

The scores are those that decided (`streams.core.explanation`); weights are in bits, here called points, and ten of them are
odds of a thousand to one.
"""

from collections.abc import Iterator, Sequence

from schemas.facts import Incident
from schemas.reasons import UNLISTED
from streams.core.anchoring import VOICES_MAX
from streams.core.explanation import Apart, Explanation, Heard, Link, Witness, explain_incident
from streams.core.match import Agreement
from streams.proof.state import OfIncident
from streams.proof.telling import GRADES, Teller
from streams.words import counted

APART_MAX = 3
LINKS_MAX = 30


def tell(found: OfIncident) -> Iterator[str]:
    """Of an incident whose state is at hand."""
    assert found.monitor is not None
    teller, body = Teller(found.monitor), found.incident
    if found.asked != body.id:
        yield f"Incident {found.asked} was withdrawn: what it told is part of {body.id} now."
    pictures = [picture for _, picture in found.monitor.pictures if body.id in picture.incidents]
    explanation = explain_incident(pictures[0], body.id, APART_MAX) if pictures else None
    if explanation is None:
        yield f"Incident {body.id} is over for good: its reports are no longer held, and its evidence is all there is."
        return
    yield from _what(teller, body)
    yield ""
    yield from _casualties(explanation, teller)
    yield ""
    yield f"How sure: {body.grade}, {GRADES[explanation.grade]}. Why: {explanation.grade_reason}."
    if explanation.denials:
        times = "once" if explanation.denials == 1 else f"{counted(explanation.denials)} times"
        yield f"It is denied ({times}). A denial is shown, and changes neither what counts nor how sure it is."
    yield from _counts(teller, body)
    yield ""
    yield from _links(explanation)
    if explanation.apart:
        yield ""
        yield "What was near, and is another incident all the same:"
        for apart in explanation.apart:
            yield from _apart(apart)


def _what(teller: Teller, body: Incident) -> Iterator[str]:
    incident = next(p.incidents[body.id] for _, p in teller.monitor.pictures if body.id in p.incidents)
    told = teller.incident(incident)
    yield f"{told[0].upper()}{told[1:]}."
    lineages = sum(body.told_by.values())
    who = "one source" if lineages == 1 else f"{counted(lineages)} sources that do not copy each other"
    yield f"{body.reports} {'report tells' if body.reports == 1 else 'reports tell'} of it, of {who}."
    assert body.starts is not None and body.ends is not None and body.radius_m is not None
    starts, ends = teller.when(body.starts), teller.when(body.ends)
    when = starts if body.starts == body.ends else f"between {starts} and {ends}"
    where = f"within {body.radius_m / 1_000:g} km of {body.lat:.4f} north, {body.lon:.4f} east"
    yield f"When: {when} (local time). Where: {where}, found by {_plain(body.method)}."
    certain = ", ".join(teller.zones.get(zone, zone) for zone in body.certain) or "no zone"
    only = [teller.zones.get(zone, zone) for zone in body.possible if zone not in body.certain]
    yield f"Certainly in {certain}{'; perhaps in ' + ', '.join(only) if only else ''}."


def _links(explanation: Explanation) -> Iterator[str]:
    yield (
        "Why these are taken for one. The sharpest report comes first, and every other one is compared with it, and with up to "
        f"{counted(VOICES_MAX)} of known sources that come before it. What fits adds points and what does not takes some "
        "away; each point doubles the odds that both tell of the same thing. The mean must come to at least "
        f"{_bits(explanation.threshold)}:"
    )
    for link in explanation.links[:LINKS_MAX]:
        yield from _link(link)
    if len(explanation.links) > LINKS_MAX:
        yield f"  and {len(explanation.links) - LINKS_MAX} more"


def _link(link: Link) -> Iterator[str]:
    who = f"{link.report.report_id} of {link.report.source} ({link.side}{', quoting ' + link.quotes if link.quotes else ''})"
    if link.score is None:
        yield f"  {'the sharpest':>13}  {who}"
    else:
        yield f"  {_bits(link.score):>13}  {who}"
        yield f"                   {_waterfall(link.levels)}{_heard(link.voices)}"
    for repeat in link.repeats:
        yield f"                   said again in {repeat.report_id} of {repeat.source}"


def _waterfall(levels: Sequence[Agreement]) -> str:
    shown = [level for level in levels if level.weight] or list(levels)
    return ", ".join(f"{level.comparison} {_plain(level.level)} {level.weight / 1_000:+g}" for level in shown)


def _heard(voices: Sequence[Heard]) -> str:
    """The sums of the levels with others of the group, which are averaged with those of the anchor."""
    if not voices:
        return ""
    told = (
        f"{voice.report.report_id} {voice.score / 1_000:+g}{' (ruled out)' if voice.levels is None else ''}" for voice in voices
    )
    return f"; averaged with {', '.join(told)}"


def _casualties(explanation: Explanation, teller: Teller) -> Iterator[str]:
    for what, bounds, witnesses in (
        ("Killed", explanation.killed, explanation.killed_by),
        ("Injured", explanation.injured, explanation.injured_by),
    ):
        if not bounds[2] and not any(witness.bounds for witness in witnesses):
            yield f"{what}: nobody says that anybody was."
            continue
        yield (
            f"{what}, as reported and unverified: {teller.people(bounds)}. The latest word of each, copies apart; a number that "
            "is told is taken to be somewhat more or fewer:"
        )
        yield from (_witness(witness, teller) for witness in witnesses if witness.bounds is not None)


def _witness(witness: Witness, teller: Teller) -> str:
    assert witness.bounds is not None
    says = teller.people(witness.bounds)
    report = "" if witness.report is None else f" (report {witness.report.report_id})"
    who = " and ".join("sources that the terms do not list" if name == UNLISTED else name for name in witness.lineages)
    one = len(witness.lineages) == 1 and UNLISTED not in witness.lineages
    return f"  {who} {'says' if one else 'say'} {says}{report}: {witness.role}"


def _counts(teller: Teller, body: Incident) -> Iterator[str]:
    if body.severity is not None:
        low, best, high = (value / 1_000 for value in (body.severity.low, body.severity.best, body.severity.high))
        weight = f"{low:g}" if low == high else f"{low:g} to {high:g}, likeliest {best:g}"
        yield f"Its weight by the terms, of weapon and casualties: {weight} (never more than {teller.terms.severity.cap:g})."
    if body.scope == "out_of_scope":
        yield "It does not count: it is about a group that the truce leaves out."
    elif body.counted is False:
        yield "It does not count."


def _apart(apart: Apart) -> Iterator[str]:
    away = f"{apart.apart_m / 1_000:.1f} km and {apart.gap_s / 3_600:.1f} hours away"
    yield f"  {apart.incident[:8]}, report {apart.report.report_id} of {apart.report.source}: {away}; {apart.reason}"
    if apart.levels and apart.score is not None:
        yield f"      {_bits(apart.score)}: {_waterfall(apart.levels)}{_heard(apart.voices)}"


def _bits(score: int) -> str:
    return f"{score / 1_000:g} points"


def _plain(word: str | None) -> str:
    return "?" if word is None else word.replace("_", " ")


__all__ = ["tell"]
