"""A line through some points, as SVG: enough to see whether something grows."""

from collections.abc import Sequence
from html import escape
from math import log10

WIDTH, HEIGHT, MARGIN = 560, 300, 56


def chart(title: str, points: Sequence[tuple[float, float]]) -> str:
    """Across on a logarithmic scale, upwards from nothing."""
    first, last = log10(points[0][0]), log10(points[-1][0])
    most = max(value for _, value in points) or 1.0
    spots = [
        (
            MARGIN + (log10(at) - first) / ((last - first) or 1) * (WIDTH - 2 * MARGIN),
            HEIGHT - MARGIN - value / most * (HEIGHT - 2 * MARGIN),
            at,
            value,
        )
        for at, value in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in spots)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1b5e8c"/>'
        f'<text x="{x:.1f}" y="{y - 10:.1f}" text-anchor="middle">{value:,.10g}</text>'
        f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 20}" text-anchor="middle">{at:,.10g}</text>'
        for x, y, at, value in spots
    )
    base = HEIGHT - MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{MARGIN}" y="24" font-size="14">{escape(title)}</text>'
        f'<line x1="{MARGIN}" y1="{base}" x2="{WIDTH - MARGIN}" y2="{base}" stroke="#999"/>'
        f'<polyline points="{line}" fill="none" stroke="#1b5e8c" stroke-width="2"/>{marks}</svg>\n'
    )


__all__ = ["chart"]
