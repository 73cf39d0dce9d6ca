"""Why an incident is one: what links its reports, what keeps its neighbours apart, what its casualties and grade rest on.

Everything here is recomputed from the picture as it stands with the functions that decided, so it cannot tell another
story than they did. It names sources and reports, and so is for those who may see the evidence.
"""

from msgspec import Struct

from schemas.reasons import Grade, Side
from streams.core.anchoring import EXCLUDED, voices_of
from streams.core.claims import Account, Bounds
from streams.core.deduplicate import Claim
from streams.core.geometry import distance_m
from streams.core.incident import Incident
from streams.core.match import Agreement, Rule, explain, rule_of, ruled_out_by
from streams.core.picture import Picture
from streams.core.testimony import Derived, Pair, Testimony, Told


class ReportOf(Struct, frozen=True):
    source: str
    report_id: str


class Heard(Struct, frozen=True):
    """What a voice of the group adds to the mean; None of levels where it rules the claim out."""

    report: ReportOf
    levels: list[Agreement] | None
    score: int


class Link(Struct, frozen=True):
    """A claim of the incident. `score` (thousandths of a bit): the mean over the anchor, by `levels`, and `voices`.

    The anchor has none. `repeats`: other reports of the same source that say the same again.
    """

    report: ReportOf
    lineage: str
    side: str
    quotes: str | None
    repeats: list[ReportOf]
    levels: list[Agreement]
    voices: list[Heard]
    score: int | None


class Apart(Struct, frozen=True):
    """A neighbour: another incident near in place and time, and why it is another.

    `score`: how well the later of the two anchors fits the group of the earlier, by `levels` with its anchor and `voices`.
    """

    incident: str
    report: ReportOf
    apart_m: int
    gap_s: int
    reason: str
    levels: list[Agreement]
    voices: list[Heard]
    score: int | None


class Witness(Struct, frozen=True):
    """A group of lineages that count once, and what it says of the casualties. `role`: what that is used for."""

    lineages: list[str]
    sides: list[str]
    report: ReportOf | None
    bounds: Bounds | None
    role: str


class Explanation(Struct, frozen=True):
    """Scores and `threshold` in thousandths of a bit."""

    incident: str
    anchor: ReportOf
    threshold: int
    links: list[Link]
    apart: list[Apart]
    copies: list[tuple[str, str]]
    killed: Bounds
    killed_by: list[Witness]
    injured: Bounds
    injured_by: list[Witness]
    grade: Grade
    grade_reason: str
    denials: int


def explain_incident(picture: Picture, incident_id: str, neighbours: int = 5) -> Explanation | None:
    """Of an incident that stands in a resolved picture; None where there is none of this id."""
    incident = picture.incidents.get(incident_id)
    if incident is None:
        return None
    terms, derived = picture.terms, picture.derived[incident_id]
    rule = rule_of(terms.match)
    anchor = _claim_of(incident.anchor)
    testimony = incident.testimony
    return Explanation(
        incident_id,
        _report(incident.anchor),
        rule.threshold,
        _links(incident, anchor, rule),
        _apart(picture, incident, rule, neighbours),
        [(one[0], other[0]) for one, other in testimony.copied()],
        derived.killed,
        _witnesses(testimony, testimony.killed),
        derived.injured,
        _witnesses(testimony, testimony.injured),
        derived.grade,
        _grade_reason(testimony, derived),
        incident.denials,
    )


def _links(incident: Incident, anchor: Claim, rule: Rule) -> list[Link]:
    links = []
    for claim in dict.fromkeys(_claim_of(account) for account in incident.first_accounts()):
        first = claim.account
        levels, voices, score = ([], [], None) if claim is anchor else _fitted(anchor, claim, rule)
        links.append(
            Link(
                _report(first),
                first.lineage,
                first.side,
                first.via_lineage,
                [_report(account) for account in claim.told[1:]],
                levels,
                voices,
                score,
            )
        )
    return links


def _fitted(anchor: Claim, claim: Claim, rule: Rule) -> tuple[list[Agreement], list[Heard], int | None]:
    """What a claim and the group of an anchor agree in, and the mean; None where the anchor rules it out."""
    levels = explain(anchor.features, claim.features, rule)
    if levels is None:
        return [], [], None
    group = {one for account in anchor.incident.first_accounts() if (one := _claim_of(account)) is not anchor}
    voices = []
    for voice in voices_of(group):
        if voice.order < claim.order:
            heard = explain(voice.features, claim.features, rule)
            score = EXCLUDED if heard is None else sum(level.weight for level in heard)
            voices.append(Heard(_report(voice.account), heard, score))
    total = sum(level.weight for level in levels) + sum(voice.score for voice in voices)
    return levels, voices, total // (len(voices) + 1)


def _apart(picture: Picture, incident: Incident, rule: Rule, count: int) -> list[Apart]:
    """The nearest other incidents, by distance and time measured in what matching reaches."""
    here, found = incident.anchor, []
    for other in picture.incidents.values():
        if other is incident:
            continue
        there = other.anchor
        apart_m = distance_m(*here.features[:2], *there.features[:2])
        gap_s = max(here.start - there.end, there.start - here.end, 0)
        found.append((apart_m * 1_000 // rule.distance_m + gap_s * 1_000 // rule.window_s, other.id, other, apart_m, gap_s))
    return [_neighbour(incident, other, apart_m, gap_s, rule) for _, _, other, apart_m, gap_s in sorted(found)[:count]]


def _neighbour(incident: Incident, other: Incident, apart_m: int, gap_s: int, rule: Rule) -> Apart:
    here, there = incident.anchor, other.anchor
    later, group = (there, incident) if here.order < there.order else (here, other)
    levels, voices, score = _fitted(_claim_of(group.anchor), _claim_of(later), rule)
    if not (here.mergeable and there.mergeable):
        reason = "one of them tells of many places or days"
    elif score is None:
        reason = f"{ruled_out_by(here.features, there.features, rule)} rules it out"
    elif score < rule.threshold:
        reason = "it scores below the threshold"
    elif any(claim.source == later.source for claim in _claims(group)):
        reason = f"{later.source_name} tells of both, as two things"
    else:
        reason = "more anchors than are compared were before it in its cell"
    return Apart(other.id, _report(there), apart_m, gap_s, reason, levels, voices, score)


def _witnesses(testimony: Testimony, claims: dict[Pair, list[Told]]) -> list[Witness]:
    witnesses = []
    voices, accused = testimony.voices(), testimony.accused_sides()
    for group, spoken_for in zip(voices.groups, voices.sides, strict=True):
        told = [claims[pair][-1] for pair in testimony.speaking([pair for pair in group if pair in claims], accused)]
        sides = sorted(spoken_for)
        last = max(told) if told else None
        if last is None:
            role = "says nothing of it"
        elif sides and set(sides) <= accused:
            role = "is accused of it, so its number counts only where it is higher"
        else:
            role = "counts"
        witnesses.append(
            Witness(
                sorted({lineage for lineage, _ in group}),
                sides,
                None if last is None else ReportOf(last[1], last[2]),
                None if last is None else last[3],
                role,
            )
        )
    return witnesses


def _grade_reason(testimony: Testimony, derived: Derived) -> str:
    if derived.grade is Grade.CONFIRMED:
        return "the side that did it says so"
    if derived.grade is Grade.FAIR:
        if derived.trusted:
            return "a source trusted for violence tells of it"
        return "two lineages that do not depend on each other tell of it, and they are not of one side"
    known = [sides for sides in testimony.voices().sides if sides]
    if not known:
        return "only sources that terms do not list tell of it"
    if len(known) == 1:
        return "one lineage that terms know tells of it; what quotes or copies it counts with it"
    side = next(iter(known[0]), Side.INDEPENDENT.value)
    return f"all who tell of it speak for one side, {side}"


def _claims(incident: Incident) -> list[Claim]:
    return list(dict.fromkeys(_claim_of(account) for account in incident.first_accounts()))


def _claim_of(account: Account) -> Claim:
    assert account.anchor is not None
    return account.anchor.claim


def _report(account: Account) -> ReportOf:
    return ReportOf(account.source_name, account.report_id)


__all__ = ["Apart", "Explanation", "Link", "ReportOf", "Witness", "explain_incident"]
