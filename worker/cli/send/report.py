"""What `tiktok-events send` tells: refusals, how far it came, and the counts at the end."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from redis.exceptions import RedisError

from tiktok_events.connection.trouble import no_outbox
from tiktok_events.settings import ClientSettings
from worker.cli.labelled import labelled
from worker.cli.terminal import counted, print_json, printable
from worker.files.handover import Sending
from worker.files.input_file import STANDARD_INPUT
from worker.files.progress import SentBefore
from worker.files.rejects import ErrorFile, Refusal

SHOWN: Final = 100
"""Refusals told for people; --json and --errors tell them all."""


class Report:
    """What became of the entries, for people or for programs.

    Args:
        file: what is handed over.
        as_json: whether programs read the output.

    Attributes:
        refused: entries that this run refused.
        say: prints a line on stderr, above the bar.
    """

    def __init__(self, file: str, *, as_json: bool) -> None:
        self.refused = 0
        self.say: Callable[[str], None] = lambda text: click.echo(text, err=True)
        self._file = file
        self._as_json = as_json
        self._accepted = 0
        self._before: SentBefore | None = None
        self._errors: ErrorFile | None = None
        self._left_out_told = False
        self._guesses: set[str] = set()

    @property
    def any_refused(self) -> bool:
        """Whether this run refused an entry, or one that it goes on behind."""
        return bool(self.refused or (self._before and self._before.refused))

    def begin(self, before: SentBefore, *, resume: bool) -> None:
        """Say what earlier runs did with the file."""
        done = f"{counted(before.accepted, 'event')} of this file, up to number {before.done:,}"
        if resume:
            self._before = before
            if before.done:
                self.say(f"Going on: an earlier run handed over {done}.")
        elif before.done:
            self.say(f"An earlier run handed over {done}; this one begins anew (see --resume).")

    def refuse(self, refusal: Refusal) -> None:
        """Tell that an entry is no event."""
        if self._errors is not None:
            self._errors.add(refusal)
        if self._as_json:
            print_json(refusal.as_dict())
        elif self.refused < SHOWN:
            where = f"{refusal.path}: " if refusal.path else ""
            self.say(f"{refusal.unit} {refusal.number:,}: {where}{refusal.message}")
        self.refused += 1

    def left_out(self, columns: Sequence[str]) -> None:
        """Tell which columns of a table are no fields, once."""
        if columns and not self._left_out_told:
            names = ", ".join(printable(name, 40) for name in columns)
            self.say(f"left out, no fields of an event: {names} (--map FIELD=COLUMN takes one)")
        self._left_out_told = True

    def guessed(self, sentence: str) -> None:
        """Tell what was guessed of the file as a whole, once."""
        if sentence not in self._guesses:
            self.say(f"{self._file}: {sentence}")
        self._guesses.add(sentence)

    def idle(self, destination: str, waiting: int) -> None:
        """Tell that no worker carries anything away, so there is nothing to wait for."""
        self.say(
            f"{labelled(destination)}: {counted(waiting, 'event')} wait and none leaves, so the "
            "file does not wait either. See tiktok-events status."
        )

    @contextmanager
    def writing(self, errors: Path | None, done: int = 0) -> Iterator[None]:
        """Write refusals into a file meanwhile, behind those of the entries that are done."""
        if errors is None:
            yield
            return
        try:
            file = ErrorFile(errors, done=done)
        except OSError as error:
            raise click.ClickException(f"cannot write {errors}: {error.strerror}") from error
        with file:
            self._errors = file
            yield
        self._errors = None

    def flush(self) -> None:
        """What was told so far survives a kill."""
        if self._errors is not None:
            self._errors.flush()

    @contextmanager
    def telling(self, sending: Sending | None) -> Iterator[None]:
        """Say how far it came, for whoever sends the rest, when Redis or a person ends it."""
        try:
            yield
        except RedisError as error:
            problem = no_outbox(error, ClientSettings.load().redis_url)
            raise click.ClickException(f"{problem}\n{self._where(sending)}") from error
        except KeyboardInterrupt:
            raise click.ClickException(f"interrupted\n{self._where(sending)}") from None
        finally:
            self._accepted = 0 if sending is None else sending.accepted

    def end(self) -> None:
        """Print the counts."""
        if self._as_json:
            counts = {"accepted": self._accepted, "refused": self.refused}
            print_json(counts | self._counts_before())
            return
        if self.refused > SHOWN:
            hidden = f"… and {self.refused - SHOWN:,} more"
            click.echo(f"{hidden}; --json tells them all, --errors keeps them", err=True)
        handed_over = f"{counted(self._accepted, 'event')} handed over"
        click.echo(f"{handed_over}, {self.refused:,} refused.")
        if self._before and self._before.done:
            before = self._before
            click.echo(f"Before: {before.accepted:,} handed over, {before.refused:,} refused.")
        if self._accepted:
            click.echo("Next: tiktok-events status")

    def _counts_before(self) -> dict[str, object]:
        before = self._before
        if before is None:
            return {}
        return {"before": {"accepted": before.accepted, "refused": before.refused}}

    def _where(self, sending: Sending | None) -> str:
        sentences = [_done(sending)]
        if sending is not None and (part := sending.current):
            numbers = f"{part.unit}s {part.first:,} to {part.last:,}"
            sentences.append(f"Whether {numbers} are is not known here.")
        if self._file == STANDARD_INPUT:
            sentences.append("Sent again, events count once only if each has its own event_id.")
        else:
            again = f"tiktok-events send --resume {shlex.quote(self._file)}"
            sentences.append(f"The rest, and nothing twice, with the same options: {again}")
        return " ".join(sentences)


def _done(sending: Sending | None) -> str:
    if sending is None or not sending.last:
        return "Nothing was handed over by this run before."
    return f"All up to {sending.unit} {sending.last:,} is handed over."
