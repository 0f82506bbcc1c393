"""The table of a run, for the terminal and for the documentation."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

from tests.chaos.invariants import Evidence

COLUMNS: Final[Sequence[tuple[str, int, Callable[[Evidence], str]]]] = (
    ("scenario", 38, lambda one: one.scenario.name),
    ("accepted", 9, lambda one: f"{len(one.accepted):,}"),
    ("delivered", 10, lambda one: f"{one.figures.count('delivered'):,}"),
    ("distinct", 9, lambda one: f"{one.report.distinct:,}"),
    ("repeated", 9, lambda one: f"{one.report.repeated:,}"),
    ("dead", 6, lambda one: f"{one.figures.dead:,}"),
    ("lost", 5, lambda one: f"{len(one.lost):,}"),
    ("recovery s", 11, lambda one: f"{one.recovery_s:.1f}"),
    ("failed", 0, lambda one: f"{len(one.refused):,}"),
    ("pause s", 0, lambda one: f"{one.pause_s:.1f}"),
)
"""Heading, width, and how a cell is read from the evidence; a terminal has no room for the last."""


def text_lines(rows: Sequence[Evidence]) -> list[str]:
    """For a terminal of 100 columns."""
    heads = [head for head, _, _ in COLUMNS]
    return [_text_line(cells) for cells in [heads, *(_cells(row) for row in rows)]]


def markdown(rows: Sequence[Evidence], title: str) -> str:
    """For the documentation."""
    heads = [head for head, _, _ in COLUMNS]
    rule = ["---", *["---:"] * (len(COLUMNS) - 1)]
    lines = [_markdown_line(cells) for cells in [heads, rule, *(_cells(row) for row in rows)]]
    return "\n".join([f"### {title}", "", *lines, ""])


def title(server: str) -> str:
    """What a run is worth nothing without: versions, cores, date."""
    versions = f"Celery {version('celery')}, Python {platform.python_version()}"
    today = datetime.now(UTC).date().isoformat()
    return f"{server}, {versions}, {os.cpu_count()} cores, {today}"


def server_name(information: dict[str, Any]) -> str:
    """Name and version, from what the server says of itself."""
    if "valkey_version" in information:
        return f"Valkey {information['valkey_version']}"
    return f"Redis {information['redis_version']}"


def _cells(row: Evidence) -> list[str]:
    return [cell(row) for _, _, cell in COLUMNS]


def _text_line(cells: Sequence[str]) -> str:
    (_, first, _), *others = COLUMNS
    numbers = (
        cell.rjust(width) for cell, (_, width, _) in zip(cells[1:], others, strict=True) if width
    )
    return cells[0].ljust(first) + "".join(numbers)


def _markdown_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
