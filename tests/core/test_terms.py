"""Terms are read whole or refused with every fault named."""

import json
import tomllib
from pathlib import Path

import pytest

from streams.core.terms import Terms, TermsError, load, parse

MINIMAL = """
opposed = ["north", "south"]

[truce]
id = "t"
name = "A truce"
countries = ["SY"]
d_hour = 2020-01-01T00:00:00Z
time_zone = "Asia/Damascus"
salt = "grain of salt"

[[zones]]
id = "east"
name = "East"
areas = ["SY.02"]

[[sources]]
id = "watch"
names = ["The Watch"]
party = "north"
"""


def terms(toml: str = "") -> Terms:
    return parse(tomllib.loads(MINIMAL + toml))


def test_what_a_file_leaves_out_has_the_defaults_of_the_rules() -> None:
    gate = terms().gate
    assert (gate.days, gate.max_span_days, gate.max_contested, gate.max_unknown) == (7, 9, 2, 1)
    assert (gate.settle_hours, gate.late_days_max, gate.after_days) == (24, 100, 30)
    assert (terms().coverage.min_lineages, terms().coverage.min_share_of_day) == (2, 0.5)


# what is added or overridden                       what the message must name
FAULTS = [
    ("gate.days=10", "gate.max_span_days"),
    ("truce.time_zone=Mars/Olympus", "truce.time_zone"),
    ("truce.d_hour=2020-01-01T00:00:00", "truce.d_hour"),
    ("truce.d_hour=2020-01-01T00:00:00.5Z", "truce.d_hour"),
    ("truce.salt=short", "truce.salt"),
    ("truce.countries=[]", "truce.countries"),
    ("truce.phase_names={ victory = 'x' }", "truce.phase_names"),
    ("truce.assumptions=['gate.dais']", "'gate.dais'"),
    ("truce.assumptions=['zones.west.gated']", "'zones.west.gated'"),
    ("gate.dais=7", "dais"),
    ("gate.scope=some", "gate.scope"),
    ("coverage.min_lineages=0", "coverage.min_lineages"),
    ("coverage.min_share_of_day=1.5", "coverage.min_share_of_day"),
    ("coverage.assume_alive=['nobody']", "'nobody'"),
    ("baseline.min_watched_days=15", "baseline.min_watched_days"),
    ("baseline.days=31", "truce.watch_days_before"),
    ("whole.gated=false", "whole.gated"),
    ("whole.threshold={ mode = 'reduction', value = 50 }", "reduction"),
    ("zones.east.areas=[]", "zones.east"),
    ("zones.east.areas=['Syria']", "areas"),
    ("zones.east.id=all", "zones.all"),
    ("sources.watch.side=west", "sources.watch"),
    ("sources.watch.lineage=unlisted", "unlisted"),
    ("sources.watch.zones=['west']", "'west'"),
    ("opposed=['north', 'north']", "opposed"),
    ("opposed=['north', 'independent']", "opposed"),
    ("ends.ends_by=['moon']", "'moon'"),
    ("ends.renewed_every_hours=48", "ends.renewed_by"),
    ("access.required=['road']", "'road'"),
]


@pytest.mark.parametrize(("override", "named"), FAULTS, ids=[override for override, _ in FAULTS])
def test_a_fault_is_refused_by_the_name_of_the_value(tmp_path: Path, override: str, named: str) -> None:
    with pytest.raises(TermsError) as fault:
        load(_file(tmp_path), [override])
    assert named in str(fault.value)
    assert "t.toml" in str(fault.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(TermsError) as fault:
        terms('\n[gate]\ndays = 10\n[access]\nrequired = ["road"]')
    assert "gate.max_span_days" in str(fault.value)
    assert "'road'" in str(fault.value)


def test_two_sources_may_not_share_a_name() -> None:
    with pytest.raises(TermsError, match="THE WATCH"):
        terms('\n[[sources]]\nid = "other"\nnames = ["THE WATCH"]')


@pytest.mark.parametrize("source", ['id = "a\\u0000b"', 'id = "other"\nnames = ["a\\nb"]'])
def test_the_name_of_a_source_has_no_control_characters(source: str) -> None:
    with pytest.raises(TermsError, match="has control characters in it"):
        terms(f"\n[[sources]]\n{source}")


def test_two_zones_may_not_share_an_id() -> None:
    with pytest.raises(TermsError, match=r"zones\.east: the id is taken"):
        terms('\n[[zones]]\nid = "east"\nname = "E"\nareas = ["SY.03"]')


def test_other_names_are_for_a_zone_that_is_one_area() -> None:
    two = '\n[[zones]]\nid = "two"\nname = "Two"\nareas = ["SY.03", "SY.04"]\n'
    assert terms(two).area_names == {"SY.02": ("East",)}
    with pytest.raises(TermsError, match=r"zones\.two"):
        terms(two + 'names = ["Pair"]')


def test_a_missing_file_and_a_file_that_is_not_toml_are_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="no such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("days = = 7")
    with pytest.raises(TermsError, match="not TOML"):
        load(tmp_path / "bad.toml")


# override                              where it is seen
OVERRIDES = [
    ("gate.settle_hours=36", lambda t: t.gate.settle_hours == 36),
    ("gate.scope=each", lambda t: t.gate.scope == "each"),
    ("zones.east.gated=true", lambda t: t.gated_ids == ("east", "all")),
    ("zones.east.threshold.mode=at_most", lambda t: t.thresholds["east"].mode == "at_most"),
    ("sources.watch.zones=['east', 'all']", lambda t: t.sources[0].zones == ["east", "all"]),
    ("coverage.assume_alive=['the watch']", lambda t: t.coverage.assume_alive == ["the watch"]),
]


@pytest.mark.parametrize(("override", "seen"), OVERRIDES, ids=[override for override, _ in OVERRIDES])
def test_an_override_reaches_its_value(tmp_path: Path, override: str, seen) -> None:
    assert seen(load(_file(tmp_path), [override]))


@pytest.mark.parametrize("override", ["gate.days", "zones.west.gated=true", "zones=", "gate.days.x=1"])
def test_an_override_that_reaches_nothing_is_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(TermsError):
        load(_file(tmp_path), [override])


def test_terms_survive_the_log_with_the_same_hash() -> None:
    original = terms('\n[severity.weapons]\nmortar = 2.5\n[ends]\nends_by = ["north"]')
    carried = parse(original.as_mapping())
    assert carried == original
    assert carried.hash == original.hash


def test_the_hash_is_of_the_values_and_not_of_how_they_are_written() -> None:
    written_out = terms("\n[gate]\nmax_unknown = 1\ndays = 7 # as in the default")
    assert written_out.hash == terms().hash
    assert terms("\n[gate]\nmax_unknown = 0").hash != terms().hash


def test_weights_are_whole_thousandths() -> None:
    weighed = terms("\n[severity.weapons]\nmortar = 2.3456")
    assert weighed.weight("attack", "mortar") == 2_346
    assert weighed.weight("disproportionate_force", "mortar") == 2_346
    assert weighed.weight("territory", "mortar") == 5_000


def test_a_live_truce_takes_no_simulated_topic_and_a_simulated_one_no_live_topic() -> None:
    live, simulated = terms(), parse(tomllib.loads(MINIMAL.replace('id = "t"', 'id = "t"\nsimulated = true')))
    assert [live.takes_topic(name) for name in ("reports.field", "reports.simulated.x", "other")] == [True, False, False]
    assert [simulated.takes_topic(name) for name in ("reports.field", "reports.simulated.x")] == [False, True]


def test_sources_that_terms_do_not_list_are_one_lineage() -> None:
    assert {terms().lineage(name) for name in ("someone", "someone else")} == {"unlisted"}
    assert terms().lineage("THE WATCH") == terms().lineage("watch") == "watch"


def test_polygons_are_read_from_beside_the_file(tmp_path: Path) -> None:
    triangle = {"type": "Polygon", "coordinates": [[[36, 36], [37, 36], [37, 37]]]}
    (tmp_path / "east.geojson").write_text(json.dumps(triangle))
    path = _file(tmp_path, MINIMAL.replace('areas = ["SY.02"]', 'polygons = "east.geojson"'))
    assert load(path).zones[0].polygons == triangle
    (tmp_path / "east.geojson").write_text('{"type": "Polygon", "coordinates": [[[36, 36]]]}')
    with pytest.raises(TermsError, match=r"zones\.east: polygons: a ring has at least three corners"):
        load(path)
    (tmp_path / "east.geojson").unlink()
    with pytest.raises(TermsError, match=r"east\.geojson"):
        load(path)


def _file(folder: Path, text: str = MINIMAL) -> Path:
    path = folder / "t.toml"
    path.write_text(text, encoding="utf-8")
    return path
