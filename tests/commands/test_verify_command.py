"""`truce verify DIR`: clean where nothing was touched; after one byte of one record is altered it names what breaks."""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random

import orjson
import pytest
from click.testing import CliRunner, Result
from commands.folders import copied, told

from schemas.facts import Fact
from streams.commands.verify import verify
from streams.proof import verification
from streams.proof.recomputing import Recomputed, recompute
from streams.proof.sources import Source
from streams.results import EVERY, LATEST, Results
from streams.scenarios import SCENARIOS
from streams.signing import Signer

_decided: dict[bytes, Recomputed] = {}


@pytest.fixture(autouse=True)
def each_log_is_decided_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What most tests alter is not the log: what follows from it is worked out once for all of them."""

    def once(source: Source, watch: object) -> Recomputed:
        digest = sha256(b"\n".join(entry.value for entry in source.log())).digest()
        if digest not in _decided:
            _decided[digest] = recompute(source)
        return _decided[digest]

    monkeypatch.setattr(verification, "recompute", once)


def check(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(verify, [str(folder), *arguments])


def altered(folder: Path, name: str, was: bytes, becomes: bytes, record: int = -1) -> None:
    """Without the checksums, which whoever alters a file can write anew."""
    (folder / "SHA256SUMS").unlink(missing_ok=True)
    lines = (folder / name).read_bytes().splitlines()
    assert was in lines[record]
    lines[record] = lines[record].replace(was, becomes, 1)
    (folder / name).write_bytes(b"".join(line + b"\n" for line in lines))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("arguments", [(), ("--public",)], ids=["from the log", "from what is public"])
def test_what_was_not_touched_holds(scenario: str, arguments: tuple[str, ...]) -> None:
    result = check(told(scenario), *arguments)
    assert result.exit_code == 0, result.output
    assert "everything holds" in result.output
    assert "BROKEN" not in result.output


# file, what is there, what is put there             what is said to break
ALTERED = [
    ("phases.jsonl", b'"effective_at":14', b'"effective_at":15', "change no. 1 of demo-as-agreed"),
    ("phases.jsonl", b'"kind":"advance"', b'"kind":"advancE"', "change no. 1 of demo-as-agreed"),
    ("phases.jsonl", b'"id":"', b'"id":"0', "change no. 1"),
    ("days.jsonl", b'"outcome":', b'"outcomE":', "days: record"),
    ("levels.jsonl", b'"streak":', b'"streak":1', "the level of"),
    ("terms.jsonl", b'"days":7', b'"days":6', "follows from the days, but was not announced"),
]


def test_an_altered_number_that_changes_no_outcome_is_seen_from_the_log_alone_and_that_is_said(tmp_path: Path) -> None:
    folder = copied("as-agreed", tmp_path)
    altered(folder, "days.jsonl", b'"high":', b'"high":1')
    public = check(folder, "--public")
    assert public.exit_code == 0
    assert "without the log: whether the numbers of the days are right was not looked into" in public.output
    assert "goes unnoticed" in public.output
    whole = check(folder)
    assert whole.exit_code == 1
    assert re.search(r"BROKEN +days: demo-as-agreed/\S+ is not what follows from the log", whole.output)


@pytest.mark.parametrize("public", [True, False], ids=["from what is public", "from the log"])
@pytest.mark.parametrize(("name", "was", "becomes", "told_of"), ALTERED, ids=[f"{name} {was}" for name, was, _, _ in ALTERED])
def test_a_record_that_was_altered_is_named(
    tmp_path: Path, name: str, was: bytes, becomes: bytes, told_of: str, public: bool
) -> None:
    folder = copied("as-agreed", tmp_path)
    altered(folder, name, was, becomes)
    result = check(folder, *(["--public"] if public else []))
    assert result.exit_code == 1
    assert told_of in result.output


def test_a_report_that_was_altered_breaks_the_decisions_that_rest_on_it(tmp_path: Path) -> None:
    folder = copied("as-it-happened", tmp_path)
    lines = (folder / "located.jsonl").read_bytes().splitlines()
    ends = next(number for number, line in enumerate(lines) if b'"declares":"withdraws"' in line)
    altered(folder, "located.jsonl", b'"declares":"withdraws"', b'"declares":"withdrawn"', ends)
    result = check(folder)
    assert result.exit_code == 1
    assert "withdrawn" in result.output


def test_a_change_that_is_missing_doubled_or_out_of_order_breaks_the_chain(tmp_path: Path) -> None:
    folder = copied("as-it-happened", tmp_path)
    (folder / "SHA256SUMS").unlink()
    phases = folder / "phases.jsonl"
    lines = phases.read_bytes().splitlines(keepends=True)
    for arranged, said in (
        (lines[:-2] + lines[-1:], "one is missing"),
        ([*lines, lines[-1]], "is there twice"),
        ([lines[1], lines[0], *lines[2:]], "out of order"),
        # The end of a truce is a party's word or its silence, which is not public; but levels name the last change.
        (lines[:-1], "the end of the chain is missing"),
    ):
        phases.write_bytes(b"".join(arranged))
        for arguments in ((), ("--public",)):
            assert said in check(folder, *arguments).output


def test_any_byte_of_any_decision_that_is_altered_is_noticed(tmp_path: Path) -> None:
    folder, random = copied("as-agreed", tmp_path), Random(5)
    (folder / "SHA256SUMS").unlink()
    for name in ("phases.jsonl", "days.jsonl", "levels.jsonl", "incidents.jsonl", "evidence.jsonl", "terms.jsonl"):
        written = (folder / name).read_bytes()
        for at in random.sample(range(len(written)), 2):
            other = bytes([(written[at] + random.randrange(1, 256)) % 256])
            (folder / name).write_bytes(written[:at] + other + written[at + 1 :])
            result = check(folder)
            assert result.exit_code == 1, f"{name}: byte {at} became {other!r}"
            assert isinstance(result.exception, SystemExit), f"{name}: byte {at} became {other!r}: {result.exception!r}"
        (folder / name).write_bytes(written)
    assert check(folder).exit_code == 0


def test_a_byte_of_the_log_that_decides_nothing_is_noticed_by_its_checksum(tmp_path: Path) -> None:
    folder = copied("as-agreed", tmp_path)
    log = (folder / "located.jsonl").read_bytes()
    at = log.index(b'"text":"') + 9
    (folder / "located.jsonl").write_bytes(log[:at] + b"~" + log[at + 1 :])
    result = check(folder)
    assert result.exit_code == 1
    assert "located.jsonl is not as it was written" in result.output


def test_signatures_are_checked_with_the_public_key(tmp_path: Path) -> None:
    for name in ("key", "other"):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / f"{name}.pem"], check=True)
        public = ["openssl", "pkey", "-in", tmp_path / f"{name}.pem", "-pubout", "-out", tmp_path / f"{name}.pub"]
        subprocess.run(public, check=True)
    folder = tmp_path / "signed"
    results = Results(folder, Signer(tmp_path / "key.pem"))
    for topic, name in (LATEST | EVERY).items():
        for line in (told("as-agreed") / name).read_bytes().splitlines():
            results.add(Fact(topic, str(hash(line)), line))
    results.close()
    results.discard()
    assert "carries no signature" in check(told("as-agreed"), "--public", "--key", str(tmp_path / "key.pub")).output
    assert check(folder, "--public", "--key", str(tmp_path / "key.pub")).exit_code == 0
    wrong = check(folder, "--public", "--key", str(tmp_path / "other.pub"))
    assert wrong.exit_code == 1
    assert "its signature is not by this key" in wrong.output


def test_the_second_program_stands_alone(tmp_path: Path) -> None:
    folder = copied("as-agreed", tmp_path)
    program = [sys.executable, "-I", Path(__file__).parents[2] / "schemas" / "verifier.py", folder]
    assert subprocess.run(program, capture_output=True, text=True).returncode == 0
    altered(folder, "days.jsonl", b'"outcome":"quiet"', b'"outcome":"violent"')
    broken = subprocess.run(program, capture_output=True, text=True)
    assert broken.returncode == 1
    assert "is called violent, but comes to quiet" in broken.stdout


def test_a_program_reads_the_findings() -> None:
    found = orjson.loads(check(told("as-agreed"), "--json").stdout)
    assert found["holds"] is True
    assert found["counts"]["same_changes"] == 2


def test_a_folder_that_holds_nothing_is_refused_in_one_line(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.exit_code == 1
    assert "no phases.jsonl in it" in result.output
