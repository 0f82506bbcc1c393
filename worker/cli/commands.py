"""A group that loads a command when it is to run: `--help` needs only their names and texts.

Loading all of them takes three quarters of a second, Celery most of it.
"""

from __future__ import annotations

from importlib import import_module

import click


class Sign(click.Command):
    """Stands for a command that is not loaded: its name, and what help says of it.

    Args:
        name: of the command.
        sentence: the first of its own help, which help on the group shows.
        place: where it is, as `module:attribute`.
    """

    def __init__(self, name: str, sentence: str, place: str) -> None:
        super().__init__(name, help=sentence)
        self._place = place

    def load(self) -> click.Command:
        """The command itself."""
        module, _, attribute = self._place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


class Commands(click.Group):
    """A group in which a `Sign` may stand for a command; it gives way when that is to run."""

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with, loaded; and what follows it."""
        name, command, rest = super().resolve_command(context, arguments)
        return name, command.load() if isinstance(command, Sign) else command, rest
