"""Times as people write and read them on the command line."""

from datetime import UTC, datetime

import click


class Instant(click.ParamType):
    """An option's value such as 2016-09-19T16:00:00Z; the command is given whole seconds since 1970."""

    name = "time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = datetime.min
        if instant.tzinfo is None:
            self.fail(f"{value!r}: write it as 2016-09-19T16:00:00Z", param, ctx)
        return int(instant.timestamp())


def utc(seconds: int) -> str:
    """Seconds since 1970 as people read them: 2016-09-19 16:00Z, with seconds where there are any."""
    return f"{datetime.fromtimestamp(seconds, UTC):{'%Y-%m-%d %H:%M:%S' if seconds % 60 else '%Y-%m-%d %H:%M'}}Z"


__all__ = ["Instant", "utc"]
