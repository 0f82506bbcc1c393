"""What all commands share: their options, their tables, and how a result is handed over."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from bench.lab.machine import RESULTS, write_result
from bench.lab.site import Course
from worker.cli.terminal import console, plain_table

SHARED: dict[str, tuple[int | float, str]] = {
    "rounds": (5, "how often everything is measured"),
    "concurrency": (2, "worker processes"),
    "latency-ms": (0.0, "time that the sink takes for each answer"),
    "seed": (7, "of the samples: another one makes other events"),
}
NOT_MEASURED = {"json", "results"}


class Options(argparse.ArgumentParser):
    """The command line of a benchmark: ``--results``, ``--json``, and what it asks for.

    Args:
        doc: the command's docstring, whose first line is shown.
        shared: names of ``SHARED``.
        epilog: shown at the end of the help.
    """

    def __init__(self, doc: str | None, *shared: str, epilog: str = "") -> None:
        super().__init__(
            description=(doc or "").partition("\n")[0],
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name in shared:
            self.number(name, *SHARED[name])
        self.add_argument("--results", type=Path, default=RESULTS, help="folder of the result")
        self.add_argument("--json", action="store_true", help="print one object, and no table")

    def number(self, name: str, default: float, meaning: str, least: float = 0) -> None:
        """Add an option that takes a number of the default's type, and no smaller one."""
        if isinstance(default, int) and name != "seed":
            least = max(least, 1)

        def parsed(text: str) -> float:
            number = type(default)(text)
            if number < least:
                raise argparse.ArgumentTypeError(f"must be at least {least:,}")
            return number

        parsed.__name__ = type(default).__name__  # argparse names it when the text is no number
        meaning = f"{meaning} (default: {default:,})"
        self.add_argument(f"--{name}", type=parsed, default=default, metavar="N", help=meaning)


def course_of(given: argparse.Namespace) -> Course:
    """Return what the shared options say about all runs."""
    return Course(given.concurrency, vars(given).get("latency_ms", 0.0), given.seed)


def options_of(given: argparse.Namespace) -> dict[str, Any]:
    """Return the options that were given, without those that change no figure."""
    return {name: value for name, value in vars(given).items() if name not in NOT_MEASURED}


def hand_over(
    name: str,
    given: argparse.Namespace,
    result: dict[str, Any],
    shown: Iterable[RenderableType],
) -> None:
    """Write the result, and print it: as one object, or as tables and sentences."""
    file = write_result(name, result, given.results)
    if given.json:
        print(json.dumps(result))
        return
    terminal = console()
    for each in shown:
        terminal.print(each, end="\n" if isinstance(each, str) else "\n\n")
    print(f"written to {file}")


def table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1
) -> Table:
    """Return a table whose first columns are names, and all others figures."""
    found = plain_table(*headings[:names])
    found.title, found.title_justify, found.title_style = title, "left", "bold"
    for heading in headings[names:]:
        found.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        found.add_row(*row)
    return found


def medians(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each figure over the runs."""
    return {name: median(run[name] for run in runs) for name in runs[0]}


def short(value: float) -> str:
    """Return a figure with as many digits as it is precise to."""
    if value == round(value) or value >= 10:
        return f"{value:,.0f}"
    return hundredths(value) if value < 1 else f"{value:.1f}"


def hundredths(value: float) -> str:
    """Return a ratio near one."""
    return f"{value:.2f}"


def spread(values: Sequence[float], digits: Callable[[float], str] = short) -> str:
    """Return the median, and the range below it where there is one."""
    if not values:
        return "-"
    if min(values) == max(values):
        return digits(values[0])
    return f"{digits(median(values))} ({digits(min(values))}-{digits(max(values))})"
