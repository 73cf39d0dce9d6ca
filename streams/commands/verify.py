"""`truce verify`: decide everything once more, and compare with what was announced."""

import sys
from pathlib import Path

import click
import orjson

from streams.commands.progress import Bar
from streams.proof.sources import Cluster, Folder, SourceError
from streams.proof.verification import Verification
from streams.proof.verification import verify as verify_source
from streams.settings import load
from streams.signing import Checker, KeyProblem


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--public", is_flag=True, help="Read only what anybody may read: phases, days, levels, public terms.")
@click.option("--key", type=click.Path(path_type=Path), help="Public key (PEM) to check signatures with; also a setting.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as one JSON object.")
def verify(folder: Path | None, public: bool, key: Path | None, as_json: bool) -> None:
    """Check every decision in DIR, which `truce replay --out` wrote, or on the cluster that the settings name.

    The log is decided on once more and the results are compared byte for byte; a second, separate program goes over the
    chain of changes, the outcomes of days and the runs. Exits with 1 where anything does not hold, and says which
    decision it is.
    """
    settings = load()
    key = key or (None if settings.public_key_file is None else Path(settings.public_key_file))
    try:
        checker = None if key is None else Checker(key)
        source = Cluster(settings, public) if folder is None else Folder(folder)
        if public:
            source.has_log = False
        size = source.size() if source.has_log else 0
        with Bar() as bar:
            found = verify_source(source, checker, lambda records: bar("deciding", records, size, f"{records:,} records"))
    except (KeyProblem, SourceError) as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or folder}: {fault.strerror}") from None
    if as_json:
        body = {"holds": found.holds, "faults": found.faults, "checked": found.checked, "notes": found.notes}
        click.echo(orjson.dumps(body | {"counts": found.counts}))
    else:
        _show(found)
    if not found.holds:
        sys.exit(1)


def _show(found: Verification) -> None:
    for line in found.checked:
        click.echo(f"looked at  {line}")
    for line in found.notes:
        click.echo(f"note       {line}")
    for line in found.faults:
        click.echo(click.style("BROKEN", fg="red", bold=True) + f"     {line}")
    if found.holds:
        click.echo(click.style("everything holds", fg="green", bold=True))
    else:
        click.echo(f"{len(found.faults)} things do not hold")


__all__ = ["verify"]
