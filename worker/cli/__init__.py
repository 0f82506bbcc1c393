"""The command line `tiktok-events`: what an operator types, and what is printed.

Imports every other room, and is imported by none.
"""

from __future__ import annotations

from worker.cli.main import main

__all__ = ["main"]
