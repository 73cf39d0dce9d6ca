"""What the public topics say, in the forms that others read: GeoJSON, CSV with HXL tags, and alerts (CAP 1.2).

Everything is made from the same picture as the page, so that nothing gets out here that is not on the public topics.
"""

from collections.abc import Callable
from pathlib import Path

from streams.board.view import TruceView, View
from streams.exports import cap, geojson, hxl

FORMS: dict[str, Callable[[TruceView, str], dict[str, bytes]]] = {
    "geojson": geojson.files,
    "hxl": hxl.files,
    "cap": cap.files,
}
"""By form: the files of a truce by name. The second argument is who sends it."""


class ExportError(ValueError):
    """There is nothing to export; the message says so in one line."""


def write(view: View, form: str, folder: Path, sender: str, truce: str | None = None) -> list[Path]:
    """The files of every truce, or of one; the paths that were written. Raises `ExportError`."""
    listed = [found for found in view.listed() if truce in (None, found.id)]
    if not listed:
        known = ", ".join(found.id for found in view.listed()) or "none"
        raise ExportError(f"there is no truce {truce!r}; there are: {known}" if truce else "no truce has been published yet")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for found in listed:
        for name, content in FORMS[form](found, sender).items():
            (folder / name).write_bytes(content)
            written.append(folder / name)
    return written


__all__ = ["FORMS", "ExportError", "write"]
