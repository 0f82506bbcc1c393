"""The command line `tiktok-events`: what an operator types, and what is printed.

A command may import every room, and nothing imports a command. What only some of its calls need
is imported where they need it: a person waits for `--help`, and a command that looks at Redis
loads neither Celery nor the schemas.
"""

from __future__ import annotations

from worker.cli.main import main

__all__ = ["main"]
