"""Bars and sparklines, drawn here: a page needs no script for them, and no style attribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

WIDTH: Final = 120
HEIGHT: Final = 24


def bar(part: float, largest: float, kind: str = "") -> Markup:
    """A bar relative to the largest, beside its number, which says the same."""
    width = round(100 * part / largest, 1) if largest else 0
    return Markup(
        '<svg class="bar {}" aria-hidden="true" width="100%">'
        '<rect class="back" width="100%" height="100%" rx="2"></rect>'
        '<rect class="front" width="{}%" height="100%" rx="2"></rect></svg>'
    ).format(kind, width)


def sparkline(points: Sequence[float], sentence: str, kind: str = "") -> Markup:
    """A line of some points, and the sentence that says what it shows."""
    top, last = max(points, default=0) or 1, max(len(points) - 1, 1)
    places = [
        (round(WIDTH * at / last, 1), round(HEIGHT - 2 - (HEIGHT - 4) * point / top, 1))
        for at, point in enumerate(points)
    ]
    line = " ".join(f"{x},{y}" for x, y in places)
    return Markup(
        '<svg class="spark {}" role="img" aria-label="{}" viewBox="0 0 {} {}" '
        'preserveAspectRatio="none"><polygon points="0,{} {} {},{}"></polygon>'
        '<polyline points="{}"></polyline></svg>'
    ).format(kind, sentence, WIDTH, HEIGHT, HEIGHT, line, WIDTH, HEIGHT, line)
