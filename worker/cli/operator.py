"""Who is at the keyboard: what an edit is signed with."""

from __future__ import annotations

import getpass
import os


def operator() -> str:
    """The system user; the number of one without a name, as containers have them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
