"""Draw the honest radii: for each method how large the errors are beside the radius that was stated."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 150, 70, 34, 56
TITLE = "Error of each case, as a share of the radius that was stated"
LEGEND = "Bar: up to the error that 95 of 100 cases stay under. It must end left of the line at 1."
SHARE_MAX = 1.5
"""The right end of the axis, in radii; what is further off is drawn there."""


def chart(by_method: Mapping[str, Sequence[float]]) -> str:
    """An SVG: a row a method, a tick a case at error/radius, the bar up to what holds 95 of 100 cases, a line at the radius."""
    rows = [_row(TOP + number * ROW, method, sorted(shares)) for number, (method, shares) in enumerate(by_method.items())]
    height = TOP + len(rows) * ROW + 30
    one = _x(1)
    axis = "".join(
        f'<text x="{_x(share):.0f}" y="{height - 8}" text-anchor="middle">{share:g}</text>' for share in (0, 0.5, 1, 1.5)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f'<text x="12" y="20" font-size="14" font-weight="bold">{TITLE}</text><text x="12" y="38" fill="#555">{LEGEND}</text>'
        f"{''.join(rows)}"
        f'<line x1="{one:.0f}" x2="{one:.0f}" y1="{TOP - 8}" y2="{height - 24}" stroke="#b00" stroke-width="1.5"/>'
        f"{axis}</svg>\n"
    )


def _row(y: int, method: str, shares: Sequence[float]) -> str:
    holds = shares[min(len(shares) - 1, len(shares) * 95 // 100)]
    held = sum(share <= 1 for share in shares)
    ticks = "".join(f"M{_x(share):.1f} {y + 3}v14" for share in dict.fromkeys(round(share, 2) for share in shares))
    return (
        f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escape(method.replace("_", " "))} ({len(shares)})</text>'
        f'<rect x="{LEFT}" y="{y}" width="{_x(holds) - LEFT:.1f}" height="20" fill="#cfe0f3"/>'
        f'<path d="{ticks}" stroke="#27568b" stroke-width="0.7" opacity="0.6"/>'
        f'<text x="{WIDTH - 12}" y="{y + 14}" text-anchor="end">{100 * held / len(shares):.0f} %</text>'
    )


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(share, SHARE_MAX) / SHARE_MAX


__all__ = ["chart"]
