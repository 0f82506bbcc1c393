"""Files with events or tokens: who may write them decides what is sent, and to whom."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from tiktok_events.errors import InvalidSetting

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def refuse_writable_by_others(path: Path) -> None:
    """Refuse a file that more than its owner may write; where the system knows no modes, none.

    Raises:
        InvalidSetting: names the file, its mode and what to do.
        OSError: it cannot be looked at.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & _OTHERS:
        who = "everybody" if mode & stat.S_IWOTH else "its group"
        raise InvalidSetting(f"{path} may be written by {who} (mode {mode:04o}): chmod go-w {path}")
