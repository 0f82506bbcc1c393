"""The address of a server that is not there."""

from __future__ import annotations

from worker.local.loopback import free_port


def nowhere() -> str:
    """The URL of a Redis that is not there."""
    return f"redis://127.0.0.1:{free_port()}/0"
