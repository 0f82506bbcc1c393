"""Check files with events or tokens: whoever may write them decides what is sent, and where."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from tiktok_events.errors import InvalidSetting

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def refuse_writable_by_others(path: Path) -> None:
    """Refuse a file that others than its owner may write; on systems without modes, none.

    Raises:
        InvalidSetting: others may write the file; the message names it, its mode and what to do.
        OSError: the file's mode cannot be read.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & _OTHERS:
        who = "everybody" if mode & stat.S_IWOTH else "its group"
        raise InvalidSetting(f"{path} may be written by {who} (mode {mode:04o}): chmod go-w {path}")
