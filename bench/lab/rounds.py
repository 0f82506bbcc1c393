"""Cases that take turns: a machine that is slow for a while is slow for all of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.progress import Progress

from worker.cli.terminal import console

REFRESH_PER_SECOND = 2
"""Drawing shares the cores with what is measured."""

Case = TypeVar("Case")
Result = TypeVar("Result")


def interleaved(
    rounds: int,
    cases: Sequence[Case],
    run: Callable[[Case], Result],
    name: Callable[[Case], str] = str,
) -> list[dict[Case, Result]]:
    """Run every case once per round, and return the results of each round by case.

    Each round begins with another case; ``name`` is what the progress bar calls one.
    """
    results: list[dict[Case, Result]] = []
    turns = deque(cases)
    with progress() as bars:
        bar = bars.add_task("", total=rounds * len(cases))
        for number in range(rounds):
            results.append({})
            for case in turns:
                bars.update(bar, description=f"round {number + 1}: {name(case)}")
                results[-1][case] = run(case)
                bars.advance(bar)
            turns.rotate(-1)
    return results


def progress() -> Progress:
    """Return a progress bar that is shown on a terminal only."""
    terminal = console(stderr=True)
    hidden = not terminal.is_terminal
    return Progress(
        console=terminal, transient=True, disable=hidden, refresh_per_second=REFRESH_PER_SECOND
    )
