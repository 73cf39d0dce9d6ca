from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from streams.commands.locate import locate
from streams.core import gazetteer
from streams.core.terms import load

TERMS = str(Path(__file__).parents[2] / "streams" / "truces" / "syria-2016-09.toml")


@pytest.fixture(scope="module", autouse=True)
def places() -> None:
    """Read once, before anything is timed or its standard error looked at."""
    gazetteer.load(["SY"])


def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(locate, arguments, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_each_name_gets_a_line_that_a_person_can_read() -> None:
    code, output = run("Kafr Zita, Hama", "36.2, 37.16", "Rif Dimashq", "Syria")
    first, second, third, fourth = output.splitlines()
    assert code == 0
    assert first.startswith("Kafr Zita, Hama: Kafr Zaytā; 35.37")
    assert "within 4 km; precision 2; by place in province; SY.10" in first
    assert "by coordinates; SY.09" in second
    assert "by province; SY.08" in third
    assert "by country; SY" in fourth


def test_lines_of_standard_input_are_located_and_blank_ones_passed_over() -> None:
    code, output = run("--json", stdin="Douma\n\nحلب\n")
    assert code == 0
    assert [orjson.loads(line)["areas"][0] for line in output.splitlines()] == ["SY.08", "SY.09"]


def test_what_is_not_located_says_why_and_the_exit_code_too() -> None:
    code, output = run("--json", "Homs", "nowhere at all")
    assert code == 1
    assert orjson.loads(output.splitlines()[1]) == {
        "name": "nowhere at all",
        "reason": "not_locatable",
        "detail": "location.place: 'nowhere at all' is not known in SY",
    }


def test_the_zones_of_terms_are_shown() -> None:
    code, output = run("--json", "--terms", TERMS, "Douma")
    assert code == 0
    zones = orjson.loads(output)["zones"]
    assert zones["possible"][-1] == "all"
    assert set(zones["certain"]) <= set(zones["possible"]) <= set(load(TERMS).zone_ids)


def test_a_country_that_is_none_is_one_readable_line() -> None:
    code, output = run("--country", "ZZ", "Homs")
    assert code == 1
    assert "Error: ZZ: the gazetteer has no places of such a country" in output
