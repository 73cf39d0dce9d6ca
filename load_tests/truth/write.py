"""Write the reports of a made-up conflict to a file, as `truce replay` and `truce match learn` read them."""

import sys
from pathlib import Path
from random import Random

import click
import orjson

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from load_tests.truth.conflict import Happening, happenings
from load_tests.truth.tellers import Tellers, Telling
from streams.core.terms import Terms, load

TERMS_FILE = Path(__file__).parent / "truth.toml"
DAYS, A_DAY = 10, 40.0
"""Of the standard conflict: about as many a day as the fullest bulletins counted in all of Syria (55)."""


def told(
    seed: int, terms: Terms, coordinates: bool = False, days: int = DAYS, a_day: float = A_DAY
) -> tuple[list[Happening], list[Telling]]:
    """The standard conflict of a seed, and what is said of it in order of receipt."""
    random = Random(seed)
    found = happenings(random, terms, days, a_day)
    return found, Tellers(random, terms, coordinates).tell(found)


@click.command()
@click.option("--seed", required=True, type=int, help="Another seed, another conflict.")
@click.option("--days", default=DAYS, type=click.IntRange(1, 60), help="How long it lasts.")
@click.option("--coordinates", is_flag=True, help="Every account gives coordinates.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSON Lines.")
@click.option("--truth", type=click.Path(path_type=Path), help="JSON Lines, one a report: which happening it tells of.")
def main(seed: int, days: int, coordinates: bool, out: Path, truth: Path | None) -> None:
    """Write made-up reports, and their truth beside them if asked."""
    tellings = told(seed, load(TERMS_FILE), coordinates, days)[1]
    out.write_bytes(b"".join(telling.value + b"\n" for telling in tellings))
    if truth is not None:
        facts = [{"source": one.source, "report_id": one.report_id, "happening": one.happening} for one in tellings]
        truth.write_bytes(b"".join(orjson.dumps(fact) + b"\n" for fact in facts))


if __name__ == "__main__":
    main()
