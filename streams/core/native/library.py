"""Find the native part, if it was built for these very sources.

It is built with the package (`build.py` beside this) wherever a C compiler can be had. Its name holds a digest of its sources, so
that one built from others is never loaded; without it everything is done in Python, with the same results, slower.
TRUCE_NATIVE=0 leaves it out.
"""

import os
from ctypes import CDLL
from hashlib import blake2b
from pathlib import Path

FOLDER = Path(__file__).parent


def file_name() -> str:
    """What the library for the sources that lie here is called."""
    sources = sorted([*FOLDER.glob("*.c"), *FOLDER.glob("*.h")])
    return f"libtruce-{blake2b(b''.join(path.read_bytes() for path in sources), digest_size=8).hexdigest()}.so"


def _load() -> CDLL | None:
    path = FOLDER / file_name()
    return CDLL(str(path)) if path.exists() and os.environ.get("TRUCE_NATIVE") != "0" else None


LIBRARY = _load()
