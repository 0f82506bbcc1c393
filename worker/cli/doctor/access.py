"""What each kind of user may do on the server: the least that its work needs.

The commands of scripts are read from the scripts, the keys from `keys`, so that both are
told in one place. `docs/operate/operations.md` shows the lines, and a test compares them.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
(read 2026-11-30).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Final

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.shards import NAMESPACE

_CALL: Final = re.compile(r"redis\.p?call\('([A-Z]+)'|\bwrite\('([A-Z]+)'")
"""`write` is a helper of `letters.lua`."""

_CONNECTION: Final = (
    "AUTH",
    "CLIENT|SETINFO",
    "CLIENT|SETNAME",
    "CLUSTER|SLOTS",
    "HELLO",
    "PING",
    "SELECT",
)
_SCRIPTS: Final = ("DISCARD", "EVALSHA", "EXEC", "MULTI", "SCRIPT|LOAD")
_READING: Final = (
    "EXISTS",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HSCAN",
    "INFO",
    "LLEN",
    "LRANGE",
    "MEMORY|USAGE",
    "SCAN",
    "TIME",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZSCORE",
)
_CELERY: Final = (
    "BRPOP",
    "DEL",
    "EXISTS",
    "GET",
    "HDEL",
    "HGET",
    "HSET",
    "LLEN",
    "LPUSH",
    "RPOP",
    "RPUSH",
    "SADD",
    "SCRIPT|EXISTS",
    "SET",
    "SMEMBERS",
    "SREM",
    "UNWATCH",
    "WATCH",
    "ZADD",
    "ZRANGE",
    "ZREM",
    "ZREVRANGEBYSCORE",
)


_PACKAGES: Final = ("tiktok_events.outbox", "worker")
"""The packages whose `lua` folders hold scripts: the producer's and the worker's."""


class Role(StrEnum):
    """The rights that one kind of process needs."""

    PRODUCER = "producer"
    WORKER = "worker"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Access:
    """What a user may do.

    Attributes:
        keys: patterns of keys.
        channels: patterns of channels.
        commands: with `|` before a subcommand.
    """

    keys: tuple[str, ...]
    channels: tuple[str, ...]
    commands: tuple[str, ...]

    @property
    def rules(self) -> list[str]:
        """What follows the password in `ACL SETUSER`."""
        return [
            "resetkeys",
            *(f"~{pattern}" for pattern in self.keys),
            "resetchannels",
            *(f"&{pattern}" for pattern in self.channels),
            "-@all",
            *(f"+{command.lower()}" for command in self.commands),
        ]


def _commands(*packages: str) -> Iterator[str]:
    """Those that scripts call."""
    for package in packages:
        for file in Path(str(files(package))).glob("lua/**/*.lua"):
            for found in _CALL.finditer(file.read_text()):
                yield found[1] or found[2]


def _sorted(*commands: str) -> tuple[str, ...]:
    return tuple(sorted(set(commands)))


def access_of(role: Role, namespace: str = NAMESPACE) -> Access:
    """What a kind of process needs, in all shards of an installation."""
    every = Keys(namespace, "*")
    if role is Role.PRODUCER:
        commands = (*_CONNECTION, *_SCRIPTS, "WAITAOF", *_commands(_PACKAGES[0]))
        return Access(_of_producers(every), (), _sorted(*commands))
    more = _CELERY if role is Role.WORKER else ()
    commands = (*_CONNECTION, *_SCRIPTS, *_READING, *more, *_commands(*_PACKAGES))
    return Access((f"{every.prefix}*", f"{namespace}*"), (), _sorted(*commands))


def _of_producers(keys: Keys) -> tuple[str, ...]:
    return (
        keys.ready,
        keys.sequence,
        keys.counters,
        keys.awake,
        keys.delayed + "*",
        keys.cancelled("*"),
        keys.outbox("*"),
        keys.state("*"),
        keys.attempts("*"),
        keys.accepted,
        keys.accepted_of("*"),
        keys.bell(rings=True),
    )
