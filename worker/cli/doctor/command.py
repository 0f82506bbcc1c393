"""`tiktok-events doctor`: is everything fit for work?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import click
from rich.text import Text

from worker.cli import options
from worker.cli.doctor.access import Role
from worker.cli.doctor.checks import examine
from worker.cli.terminal import cell, console, counted, plain_table, print_json
from worker.runtime.check import Check, Outcome

_NAME_WIDTH: Final = 19
_MARKS: Final = {
    Outcome.OK: ("ok", "green"),
    Outcome.WARNING: ("warning", "yellow"),
    Outcome.FAILED: ("failed", "bold red"),
}

HELP: Final = """Check that everything is fit for work, and say what to do.

\b
Before the first worker starts:   tiktok-events doctor
In a deployment script:           tiktok-events doctor && tiktok-events worker
With the user of an application:  tiktok-events doctor --role producer
What is wrong, for a program:
    tiktok-events doctor --json | jq 'select(.outcome != "ok")'

It only looks: nothing is changed. It connects to the Events API and sends nothing; whether
TikTok takes the token shows with the first event: tiktok-events send, with a test_event_code in it.

Exit codes: 0 no check failed (warnings do not count), 1 one failed, 2 wrong usage.
"""


@click.command("doctor", help=HELP)
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.WORKER.value,
    show_default=True,
    help="Check the permissions that this role needs.",
)
@options.as_json
def doctor(*, role: str, as_json: bool) -> None:
    """Run all checks, and print each when it ends."""
    checks = []
    for check in examine(os.environ, Role(role)):
        checks.append(check)
        if as_json:
            print_json(check.as_dict())
        else:
            _print_check(check)
    if not as_json:
        click.echo(f"\n{_summary(checks)}")
    if any(check.outcome is Outcome.FAILED for check in checks):
        raise click.exceptions.Exit(1)


def _print_check(check: Check) -> None:
    mark, style = _MARKS[check.outcome]
    table = plain_table()
    table.show_header = False
    table.add_column(width=max(len(word) for word, _ in _MARKS.values()))
    table.add_column(width=_NAME_WIDTH)
    table.add_column(overflow="fold")
    table.add_row(Text(mark, style=style), check.name, cell(check.message))
    if check.remedy:
        table.add_row("", "", cell(f"→ {check.remedy}"))
    console().print(table)


def _summary(checks: Sequence[Check]) -> str:
    failed, warnings = (
        sum(check.outcome is outcome for check in checks)
        for outcome in (Outcome.FAILED, Outcome.WARNING)
    )
    if not failed and not warnings:
        return "Everything is fit for work."
    return f"{counted(failed, 'check')} failed, {counted(warnings, 'warning')}."
