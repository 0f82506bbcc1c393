"""The environment of a process that a test starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "TIKTOK_EVENTS_"


def environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    """The environment of this process, with these settings and no other of ours.

    Args:
        settings: by the name without its prefix; `None` leaves one unset.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    given = {name: value for name, value in settings.items() if value is not None}
    return inherited | {f"{PREFIX}{name}": value for name, value in given.items()}
