"""Cases that take turns: a machine that is slow for a while is slow for all of them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

from rich.progress import Progress

from worker.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    """Run every case once per round; each round begins with another one.

    Args:
        rounds: how many.
        cases: what to run.
        run: runs one.
        name: what the progress bar calls it.

    Returns:
        The results of each round, by case.
    """
    results: list[dict[Case, Result]] = []
    turns = deque(cases)
    terminal = console(stderr=True)
    progress = Progress(
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
        refresh_per_second=REFRESH_PER_SECOND,
    )
    with progress:
        bar = progress.add_task("", total=rounds * len(cases))
        for number in range(rounds):
            results.append({})
            for case in turns:
                progress.update(bar, description=f"round {number + 1}: {name(case)}")
                results[-1][case] = run(case)
                progress.advance(bar)
            turns.rotate(-1)
    return results
