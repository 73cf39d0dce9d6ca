"""`truce terms check`, read by whoever wrote the terms."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import truce

TERMS_FILE = Path(__file__).parents[2] / "streams/truces/syria-2016-09.toml"


@pytest.mark.parametrize(
    ("contested", "said"),
    [
        (0, "0 contested, 1 unknown"),
        (2, "2 contested, 1 unknown; a contested day may have been violent (README: How strict)"),
    ],
)
def test_what_a_run_tolerates_is_told_and_what_that_may_mean(contested: int, said: str) -> None:
    checked = CliRunner().invoke(truce, ["terms", "check", str(TERMS_FILE), "--set", f"gate.max_contested={contested}"])
    assert checked.exit_code == 0, checked.output
    (line,) = (line for line in checked.output.splitlines() if line.split()[:1] == ["tolerated"])
    assert line.split(maxsplit=1)[1] == said
