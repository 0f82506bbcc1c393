"""Users of the server, with rights of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redis import Redis


def set_user(redis: Redis, name: str, rules: Iterable[str]) -> None:
    """Make a user whose password is `secret`, with these rules and no others."""
    commands: Any = redis  # redis-py has no type for a command in plain words
    commands.execute_command("ACL", "SETUSER", name, "reset", "on", ">secret", *rules)
