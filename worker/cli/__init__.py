"""The command line `tiktok-events`."""

from __future__ import annotations

from worker.cli.main import main

__all__ = ["main"]
