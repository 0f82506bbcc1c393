"""Celery's remote control, where it is off: whoever asks is told so, instead of hearing nothing."""

from __future__ import annotations

from typing import Any, Final, NoReturn

import click
from celery.app.control import Control

OFF: Final = (
    "remote control is off, because whoever may write to the broker could stop workers by it. "
    "To turn it on, set TIKTOK_EVENTS_REMOTE_CONTROL=1 for the workers, and here"
)


class NoControl(Control):
    """Sends nothing."""

    def broadcast(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """End the command with a sentence.

        Raises:
            click.ClickException: always.
        """
        raise click.ClickException(OFF)
