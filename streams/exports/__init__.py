"""What the public topics say, in the forms that others read: GeoJSON, CSV with HXL tags, and alerts (CAP 1.2).

Everything is made from the same picture as the page, so that nothing gets out here that is not on the public topics.
"""

from collections.abc import Callable
from pathlib import Path

from streams.board import files
from streams.board.view import TruceView, View
from streams.exports import cap, geojson, hxl

FORMS: dict[str, Callable[[TruceView, str], dict[str, bytes]]] = {
    "geojson": geojson.files,
    "hxl": hxl.files,
    "cap": cap.files,
}
"""By form: the files of a truce by name. The second argument is who sends it."""


def write(view: View, form: str, folder: Path, sender: str, truce: str | None = None) -> list[Path]:
    """The files of every truce, or of one; the paths that were written. Raises `NothingToWrite`."""
    return files.write(view, folder, truce, lambda found: FORMS[form](found, sender))


__all__ = ["FORMS", "write"]
