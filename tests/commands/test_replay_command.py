"""`truce replay` over small files of our own: what lands in the folder, what is counted, what is said when it cannot."""

import json
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.commands.replay import replay
from streams.core import gazetteer

TERMS = """
opposed = ["government", "opposition"]

[truce]
id = "small"
name = "A small truce"
countries = ["SY"]
d_hour = 2016-09-12T16:00:00Z
time_zone = "Asia/Damascus"
salt = "a grain of salt"

[gate]
days = 2
settle_hours = 1

[[zones]]
id = "aleppo"
name = "Aleppo"
areas = ["SY.09"]

[coverage]
min_lineages = 1

[[sources]]
id = "watch"
zones = ["aleppo", "all"]
trusted = ["watch"]

[[sources]]
id = "other"
"""

NAMES = [
    "SHA256SUMS",
    "days.jsonl",
    "evidence.jsonl",
    "incidents.jsonl",
    "levels.jsonl",
    "located.jsonl",
    "phases.jsonl",
    "rejected.jsonl",
    "terms.jsonl",
]
COUNTS = ["read", "rejected", "duplicates", "outside", "kept", "out_of_scope", "incidents", "phase_changes"]


@pytest.fixture(scope="module", autouse=True)
def places() -> None:
    """Read once, before anything is timed."""
    gazetteer.load(["SY"])


def nil(day: int) -> dict:
    return {
        "report_id": f"nil-{day}",
        "source": "watch",
        "type": "nil",
        "covers": {"zone": "all", "from": f"2016-09-{day}T16:00:00Z", "to": f"2016-09-{day + 1}T16:00:00Z"},
    }


def attack(number: int, source: str = "watch", **other: object) -> dict:
    return {
        "report_id": f"a-{number}",
        "source": source,
        "type": "violation",
        "kind": "attack",
        "occurred_at": "2016-09-13T10:00:00Z",
        "location": {"lat": 36.21, "lon": 37.12, "country": "SY"},
        "published_at": f"2016-09-13T11:0{number}:00Z",
    } | other


def run(folder: Path, *lines: dict | bytes, arguments: tuple[str, ...] = ("--json",), name: str = "reports.jsonl") -> Result:
    (folder / "small.toml").write_text(TERMS)
    (folder / name).write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    given = ("--terms", str(folder / "small.toml"), "--format", "reports", "--out", str(folder / "out"), *arguments)
    return CliRunner().invoke(replay, (*given, str(folder / name)))


def written(folder: Path, name: str) -> list[dict]:
    return [orjson.loads(line) for line in (folder / "out" / name).read_bytes().splitlines()]


def test_two_watched_quiet_days_qualify_and_the_folder_says_so(tmp_path: Path) -> None:
    result = run(tmp_path, nil(12), nil(13))
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*NAMES, "report"])
    assert [change["after"] for change in written(tmp_path, "phases.jsonl")] == ["in_force", "qualified"]
    days = [day for day in written(tmp_path, "days.jsonl") if day["zone"] == "all" and day["day"] >= 0]
    assert [day["outcome"] for day in days][:2] == ["quiet", "quiet"]


SAMPLES = Path(__file__).parents[1] / "adapters" / "samples"
# file                format        arguments                                 read, refused: file:line
FORMATS = [
    ("acled.csv", "acled", (), 5, ["acled.csv/0/6"]),
    ("acled.json", "acled", (), 5, ["acled.json/0/10", "acled.json/0/12", "acled.json/0/8"]),
    ("ucdp.csv", "ucdp", (), 4, ["ucdp.csv/0/5"]),
    ("ushahidi.csv", "ushahidi", (), 3, ["ushahidi.csv/0/5"]),
    ("kobo.json", "kobo", (), 4, ["kobo.json/0/14"]),
    ("events.geojson", "geojson", (), 4, ["events.geojson/0/7", "events.geojson/0/8"]),
    ("hxl.csv", "hxl", (), 3, ["hxl.csv/0/6"]),
    ("log.csv", "csv", ("--map", str(SAMPLES / "log.toml")), 4, ["log.csv/0/4", "log.csv/0/5"]),
]


@pytest.mark.parametrize(("name", "format", "arguments", "read", "refused"), FORMATS, ids=[name for name, *_ in FORMATS])
def test_every_format_is_replayed_and_what_is_no_report_is_refused_with_its_line(
    tmp_path: Path, name: str, format: str, arguments: tuple[str, ...], read: int, refused: list[str]
) -> None:
    (tmp_path / "small.toml").write_text(TERMS)
    given = ("--terms", str(tmp_path / "small.toml"), "--format", format, "--out", str(tmp_path / "out"), "--json", *arguments)
    result = CliRunner().invoke(replay, (*given, str(SAMPLES / name)))
    assert result.exit_code == 0, result.output
    counts = orjson.loads(result.stdout)
    assert counts["read"] == read == sum(counts[fate] for fate in ("rejected", "duplicates", "outside", "kept"))
    origins = ["/".join(map(str, rejected["origin"])) for rejected in written(tmp_path, "rejected.jsonl")]
    assert set(refused) <= set(origins)


def test_every_report_is_counted_once(tmp_path: Path) -> None:
    elsewhere = attack(3, location={"lat": 48.8, "lon": 2.3, "country": "FR"})
    result = run(tmp_path, attack(1), attack(1), attack(2, "other"), elsewhere, b"not json", {"report_id": "x"})
    counts = orjson.loads(result.stdout)
    assert list(counts) == COUNTS
    assert counts["read"] == 6 == sum(counts[fate] for fate in ("rejected", "duplicates", "outside", "kept"))
    assert (counts["rejected"], counts["duplicates"], counts["outside"], counts["kept"]) == (2, 1, 1, 2)
    assert counts["incidents"] == 1
    assert [refused["reason"] for refused in written(tmp_path, "rejected.jsonl")] == ["not_json", "missing_field"]


def test_files_hold_the_last_value_of_each_key_in_the_order_of_the_keys(tmp_path: Path) -> None:
    run(tmp_path, nil(12), attack(1), attack(2, "other"))
    days = [(day["zone"], day["day"]) for day in written(tmp_path, "days.jsonl")]
    assert len(days) == len(set(days))
    keys = [f"small/{zone}/{day}" for zone, day in days]
    assert keys == sorted(keys)
    (evidence,) = written(tmp_path, "evidence.jsonl")
    assert sorted(report["report_id"] for report in evidence["reports"]) == ["a-1", "a-2"]


def test_the_same_reports_give_the_same_bytes(tmp_path: Path) -> None:
    reports = (nil(12), attack(1), attack(2, "other"), b"not json")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run(tmp_path / name, *reports)
    for name in NAMES:
        assert (tmp_path / "one" / "out" / name).read_bytes() == (tmp_path / "two" / "out" / name).read_bytes(), name


def test_rows_that_are_no_reports_are_refused_with_their_line(tmp_path: Path) -> None:
    result = run(tmp_path, b"a,b", b"c,d")
    counts = orjson.loads(result.stdout)
    assert (counts["read"], counts["rejected"]) == (2, 2)
    first, second = written(tmp_path, "rejected.jsonl")
    assert (first["origin"], second["origin"]) == (["reports.jsonl", 0, 1], ["reports.jsonl", 0, 2])


def test_a_person_reads_counts_phases_and_days(tmp_path: Path) -> None:
    output = run(tmp_path, nil(12), nil(13), arguments=()).output
    assert "2 reports read: 2 kept" in output
    assert "Mon 12 Sep 19:00  announced → in force: the agreed hour has come" in output
    assert "Wed 14 Sep 19:00  in force → qualified: two quiet days are complete" in output
    assert "1 to 2  Mon 12 Sep  quiet " in output


def test_the_clock_stops_where_it_is_told_to(tmp_path: Path) -> None:
    run(tmp_path, nil(12), nil(13), arguments=("--json", "--until", "2016-09-13T16:00:00Z"))
    assert [change["after"] for change in written(tmp_path, "phases.jsonl")] == ["in_force"]


def test_a_value_of_the_terms_can_be_overridden(tmp_path: Path) -> None:
    run(tmp_path, nil(12), nil(13), arguments=("--json", "--set", "gate.days=3"))
    assert [change["after"] for change in written(tmp_path, "phases.jsonl")] == ["in_force"]


def test_earlier_results_are_replaced_but_other_files_are_never_touched(tmp_path: Path) -> None:
    assert run(tmp_path, nil(12)).exit_code == 0
    assert run(tmp_path, nil(12), nil(13)).exit_code == 0
    assert len(written(tmp_path, "phases.jsonl")) == 2
    (tmp_path / "out" / "thesis.doc").touch()
    refused = run(tmp_path, nil(12))
    assert refused.exit_code != 0
    assert "thesis.doc" in refused.output
    assert len(written(tmp_path, "phases.jsonl")) == 2


# arguments                                        what the one line must name
FAULTS = [
    (("--set", "gate.days=0"), "gate.days"),
    (("--terms", "nowhere.toml"), "nowhere.toml"),
    (("--until", "yesterday"), "yesterday"),
    (("--format", "xlsx"), "xlsx"),
    (("--format", "ucdp"), "no column"),
    (("nowhere.jsonl",), "nowhere.jsonl: there is no such file"),
]


@pytest.mark.parametrize(("arguments", "named"), FAULTS, ids=[" ".join(arguments) for arguments, _ in FAULTS])
def test_what_a_user_can_mend_is_said_without_a_traceback(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    result = run(tmp_path, nil(12), arguments=arguments)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code != 0
    assert named in result.output
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_terms_of_one_truce_are_not_given_twice(tmp_path: Path) -> None:
    result = run(tmp_path, nil(12), arguments=("--terms", str(tmp_path / "small.toml")))
    assert "two files have terms of one truce: small" in result.output


def test_evidence_names_every_report_of_an_incident_and_not_only_the_first(tmp_path: Path) -> None:
    told = [attack(number % 10, f"outlet {number}", report_id=f"r-{number}") for number in range(150)]
    assert run(tmp_path, *told).exit_code == 0
    (evidence,) = written(tmp_path, "evidence.jsonl")
    assert evidence["count"] == 150 == len(evidence["reports"])
    assert {(report["source"], report["report_id"]) for report in evidence["reports"]} == {
        (f"outlet {number}", f"r-{number}") for number in range(150)
    }


def test_a_clock_record_in_a_file_moves_nothing(tmp_path: Path) -> None:
    tick = {"tick": "2030-01-01T00:00:00Z", "origins": {"reports.files": 1}}
    result = run(tmp_path, nil(12), tick, nil(13), arguments=("--json", "--until", "2016-09-14T18:00:00Z"))
    counts = orjson.loads(result.stdout)
    assert (counts["read"], counts["rejected"], counts["kept"]) == (3, 1, 2)
    assert [change["after"] for change in written(tmp_path, "phases.jsonl")] == ["in_force", "qualified"]


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=8), st.just([]), st.just({}))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")),
            st.just(b"[" * 50),
            st.just(b'{"tick": "2016-09-13T00:00:00Z", "origins": {}}'),
            st.builds(lambda key, value: attack(1) | {key: value}, st.sampled_from(sorted(attack(1))), VALUES),
            st.builds(lambda key, value: nil(12) | {key: value}, st.sampled_from(sorted(nil(12))), VALUES),
            st.builds(lambda revision: attack(2, revision=revision), st.integers(1, 3)),
            st.builds(lambda year: attack(3, occurred_at=f"{year:04}-09-13T10:00:00Z"), st.integers(1, 9999)),
        ),
        max_size=12,
    )
)
def test_whatever_a_file_holds_every_row_has_one_fate(tmp_path: Path, lines: list[dict | bytes]) -> None:
    # A file that begins with "[" is no JSON Lines and is refused whole.
    result = run(tmp_path, nil(12), *lines)
    assert result.exit_code == 0, result.output
    counts = orjson.loads(result.stdout)
    rows = 1 + sum(bool((line if isinstance(line, bytes) else b"{}").strip()) for line in lines)
    assert counts["read"] == rows == sum(counts[fate] for fate in ("rejected", "duplicates", "outside", "kept"))
    assert counts["rejected"] == len(written(tmp_path, "rejected.jsonl"))
