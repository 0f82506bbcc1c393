"""The environment of a process that a test starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "TIKTOK_EVENTS_"
SHARDS: Final = f"{PREFIX}SHARDS"
"""Of the whole test run: the option `--shards` sets it, and every process inherits it."""


def is_of_this_machine(name: str) -> bool:
    """Whether a variable is a setting of ours that the test run has not set."""
    return name.startswith(PREFIX) and name != SHARDS


def environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    """The environment of this process, with these settings and no other of ours.

    Args:
        settings: by the name without its prefix; `None` leaves one unset.
    """
    inherited = {name: value for name, value in os.environ.items() if not is_of_this_machine(name)}
    given = {name: value for name, value in settings.items() if value is not None}
    return inherited | {f"{PREFIX}{name}": value for name, value in given.items()}
