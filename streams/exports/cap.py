"""Changes of phase as messages of the Common Alerting Protocol, version 1.2 (OASIS), one file each.

The first of a zone is an Alert; each that follows is an Update of what stood before it; what takes a change back is a Cancel of
its message, and says what holds now. `references` name the earlier messages. Urgency, severity and certainty are Unknown:
a computation over reports rates nobody's danger, and whoever passes it on as a warning must.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from schemas.facts import PhaseChange
from schemas.reasons import WHOLE, ChangeKind
from streams.board.figures import clean
from streams.board.telling import Telling
from streams.board.view import TruceView
from streams.board.words import LANGUAGES, Words

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_EVENT = {"en": "Ceasefire", "ar": "وقف إطلاق النار"}
_COMPUTED = {
    "en": "Computed from reports; not a determination by anyone.",
    "ar": "محسوب من التقارير، وليس قرارا من أي جهة.",
}
SENDER_FORBIDDEN = " ,<&"
"""The standard allows none of these in the name of a sender."""


def files(truce: TruceView, sender: str) -> dict[str, bytes]:
    return {f"{change.truce}.{change.sequence:04d}.cap.xml": message for change, message in messages(truce, sender)}


def messages(truce: TruceView, sender: str) -> Iterator[tuple[PhaseChange, bytes]]:
    """Every change of phase with its message, in the order of their announcement."""
    tellings = {language: Telling(truce, Words(language)) for language in LANGUAGES}
    before: list[PhaseChange] = []
    for change in truce.changes:
        alert = _alert(change, _referred(change, before), truce, sender, tellings)
        before.append(change)
        ElementTree.indent(alert)
        yield change, ElementTree.tostring(alert, encoding="utf-8", xml_declaration=True) + b"\n"


def _referred(change: PhaseChange, before: Sequence[PhaseChange]) -> list[PhaseChange]:
    """The earlier messages that one takes back or takes the place of: of what still stood, the last of each zone concerned."""
    if change.supersedes is not None:
        return [earlier for earlier in before if earlier.id == change.supersedes]
    voided = {earlier.supersedes for earlier in before}
    last: dict[str, PhaseChange] = {}
    for earlier in before:
        if earlier.kind is ChangeKind.VOID or earlier.id in voided:
            continue
        if earlier.zone == WHOLE:
            last.clear()
        last[earlier.zone] = earlier
    if change.zone == WHOLE:
        return list(last.values())
    return [last[zone] for zone in (change.zone, WHOLE) if zone in last][:1]


def _alert(
    change: PhaseChange,
    referred: Sequence[PhaseChange],
    truce: TruceView,
    sender: str,
    tellings: dict[str, Telling],
) -> ElementTree.Element:
    alert = ElementTree.Element("alert", xmlns=NAMESPACE)
    _add(alert, "identifier", change.id)
    _add(alert, "sender", sender)
    _add(alert, "sent", _time(change.decided_at))
    # What was played with the past is for nobody to act on.
    _add(alert, "status", "Test" if truce.values.get("truce", {}).get("simulated") else "Actual")
    _add(alert, "msgType", "Cancel" if change.kind is ChangeKind.VOID else "Update" if referred else "Alert")
    _add(alert, "scope", "Public")
    if change.kind is ChangeKind.VOID:
        _add(alert, "note", clean(change.detail))
    if referred:
        _add(alert, "references", " ".join(f"{sender},{earlier.id},{_time(earlier.decided_at)}" for earlier in referred))
    _add(alert, "incidents", truce.id)
    for language, tell in tellings.items():
        _info(alert, change, truce, language, tell)
    return alert


def _info(alert: ElementTree.Element, change: PhaseChange, truce: TruceView, language: str, tell: Telling) -> None:
    info = ElementTree.SubElement(alert, "info")
    _add(info, "language", language)
    _add(info, "category", "Security")
    _add(info, "event", _EVENT[language])
    _add(info, "responseType", "Monitor")
    for name in ("urgency", "severity", "certainty"):
        _add(info, name, "Unknown")
    for name, value in (("kind", change.kind), ("before", change.before), ("after", change.after), ("reason", change.reason)):
        _pair(info, "eventCode", name, value)
    _add(info, "onset", _time(change.effective_at))
    _add(info, "senderName", "Truce monitor")
    _add(info, "headline", tell.change(change))
    # The detail is in the words of whoever decided: English, whatever the language of the rest.
    said = f"{clean(truce.name)}: {clean(change.after_name)} ({clean(change.detail)}). {_COMPUTED[language]}"
    _add(info, "description", said)
    for name, value in _parameters(change):
        _pair(info, "parameter", name, value)
    _area(info, change.zone, truce, tell)


def _parameters(change: PhaseChange) -> Iterator[tuple[str, str]]:
    yield "truce", change.truce
    yield "zone", change.zone
    yield "sequence", str(change.sequence)
    if change.previous is not None:
        yield "previous", change.previous
    yield "terms", change.terms
    yield "rules", str(change.rules)
    yield "revisable_until", _time(change.revisable_until)
    yield "status", change.status
    for zone, days in sorted(change.streaks.items()):
        yield f"streak.{zone}", str(days)
    for assumption in change.assumptions:
        yield "assumption", clean(assumption)


def _area(info: ElementTree.Element, zone: str, truce: TruceView, tell: Telling) -> None:
    """The polygons of the terms, their outer rings; else the codes of provinces, or of countries, for a shape."""
    area = ElementTree.SubElement(info, "area")
    _add(area, "areaDesc", tell.zone_name(zone))
    terms = truce.zones.get(zone, {})
    for ring in _outer_rings(terms.get("polygons") or {}):
        points = ring if ring[0] == ring[-1] else [*ring, ring[0]]
        _add(area, "polygon", " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat, *_ in points))
    codes = terms.get("areas", ()) if zone != WHOLE else truce.values.get("truce", {}).get("countries", ())
    for code in codes:
        _pair(area, "geocode", "GeoNames" if "." in code else "ISO 3166-1", code)


def _outer_rings(geometry: dict) -> Iterator[list[list[float]]]:
    for inner in (*geometry.get("features", ()), *geometry.get("geometries", ())):
        yield from _outer_rings(inner)
    if geometry.get("geometry"):
        yield from _outer_rings(geometry["geometry"])
    polygons = {"Polygon": [geometry.get("coordinates", [])], "MultiPolygon": geometry.get("coordinates", [])}
    for polygon in polygons.get(geometry.get("type", ""), ()):
        yield polygon[0]


def _pair(parent: ElementTree.Element, tag: str, name: str, value: str) -> None:
    pair = ElementTree.SubElement(parent, tag)
    _add(pair, "valueName", name)
    _add(pair, "value", value)


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text


def _time(at_s: int) -> str:
    """The standard has no Z: UTC is -00:00."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


__all__ = ["NAMESPACE", "SENDER_FORBIDDEN", "files", "messages"]
