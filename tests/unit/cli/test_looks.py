"""No command is forgotten by what looks at everything while tests run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from tests.looks import ACTS, LOOKS, leaves
from worker.cli.commands import Sign
from worker.cli.main import main
from worker.cli.terminal import WIDTH
from worker.letters.letter import BESIDE, DeadLetter
from worker.letters.shape import FIELDS


def test_every_command_either_looks_or_acts() -> None:
    """A new command must say which, in `tests/looks.py`."""
    assert set(leaves()) == {*LOOKS, *ACTS}
    assert not ACTS & LOOKS.keys()


@pytest.mark.parametrize("path", sorted(leaves()), ids=" ".join)
def test_help_fits_a_terminal(path: tuple[str, ...]) -> None:
    """No line of it has more than 100 columns."""
    help_ = CliRunner().invoke(main, [*path, "--help"])
    assert help_.exit_code == 0
    assert max(map(cell_len, help_.stdout.splitlines())) <= WIDTH


def groups(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Every group of commands, by the words that call it."""
    yield path
    for name, command in group.commands.items():
        loaded = command.load() if isinstance(command, Sign) else command
        if isinstance(loaded, click.Group):
            yield from groups(loaded, *path, name)


@pytest.mark.parametrize("path", sorted(groups(main)), ids=" ".join)
def test_a_list_of_commands_cuts_no_sentence(path: tuple[str, ...]) -> None:
    """Not even on a terminal of 80 columns."""
    listed = CliRunner().invoke(main, [*path, "--help"], terminal_width=80).stdout
    commands = listed.partition("Commands:\n")[2].splitlines()
    assert commands
    assert not [line for line in commands if line.endswith("...")]


def test_every_attribute_of_a_letter_has_a_shape() -> None:
    """A letter that a worker writes is never taken for junk."""
    assert set(FIELDS) == {one.name for one in fields(DeadLetter)} - BESIDE
