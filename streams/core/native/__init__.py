"""What of the core is written in C as well, because Python alone is too slow for it; and whether it was built."""

from streams.core.native.library import LIBRARY

__all__ = ["LIBRARY"]
