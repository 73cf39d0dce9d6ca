"""From what is public to files, a few for each truce: what the report and the exports have in common."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path

from streams.board.reading import Message
from streams.board.view import TruceView, View


class NothingToWrite(ValueError):
    """No truce is there, or not the one that was asked for; the message says which, in one line."""


def fold(messages: Iterable[Message]) -> View:
    """The picture of a finished set of messages."""
    view = View()
    for message in messages:
        view.take(*message)
    return view


async def now(followed: AsyncIterator[tuple[list[Message], bool]]) -> View:
    """The picture of what the topics hold at this moment."""
    view = View()
    async for messages, is_all in followed:
        for message in messages:
            view.take(*message)
        if is_all:
            break
    return view


def write(view: View, folder: Path, truce: str | None, files: Callable[[TruceView], Mapping[str, bytes]]) -> list[Path]:
    """The files, by name, of every truce or of one; the paths that were written. Raises `NothingToWrite` and `OSError`."""
    listed = [found for found in view.listed() if truce in (None, found.id)]
    if not listed:
        known = ", ".join(found.id for found in view.listed()) or "none"
        raise NothingToWrite(f"there is no truce {truce!r}; there are: {known}" if truce else "no truce has been published yet")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for found in listed:
        for name, content in files(found).items():
            (folder / name).write_bytes(content)
            written.append(folder / name)
    return written


__all__ = ["NothingToWrite", "fold", "now", "write"]
