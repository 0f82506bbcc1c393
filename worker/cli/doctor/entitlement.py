"""Whether a user may do what its role needs: found by a rehearsal that the server never performs.

Each command is queued in a transaction, where the server judges it, and the transaction is
discarded. So nothing happens, no right to read ACLs is needed, and Redis 6.2 will do.

Source: https://redis.io/docs/latest/develop/interact/transactions/#errors-inside-a-transaction
(a command that is refused is refused while it is queued), read 2026-11-30.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError

from tiktok_events.outbox.shards import INSTALLATION_TAG, NAMESPACE
from worker.cli.doctor.access import Access, Role, access_of
from worker.runtime.check import Check, Outcome

NAME: Final = "access"

_UNREHEARSED: Final = frozenset(
    {
        # Said when a connection is made.
        *("AUTH", "CLIENT|SETINFO", "CLIENT|SETNAME", "CLUSTER|SLOTS", "HELLO", "SELECT"),
        # What the rehearsal is made of.
        *("DISCARD", "EXEC", "MULTI"),
        # Never within a transaction, or not known to every server.
        *("PSUBSCRIBE", "PUBLISH", "PUNSUBSCRIBE", "UNWATCH", "WAITAOF", "WATCH"),
    }
)

_WORDS: Final = {
    "BRPOP": "{key} 1",
    "EVALSHA": "0 0",
    "INFO": "",
    "MEMORY|USAGE": "{key}",
    "LMOVE": "{key} {key} LEFT RIGHT",
    "PING": "",
    "SCAN": "0",
    "SCRIPT|EXISTS": "0",
    "SCRIPT|LOAD": "return",
    "TIME": "",
    "XADD": "{key} * field value",
    "XCLAIM": "{key} group consumer 0 0-1",
    "XGROUP": "CREATE {key} group 0",
    "XINFO": "STREAM {key}",
    "XREADGROUP": "GROUP group consumer STREAMS {key} >",
    "XTRIM": "{key} MAXLEN 1",
    **dict.fromkeys(
        (
            "DEL",
            "EXISTS",
            "GET",
            "HGETALL",
            "HKEYS",
            "HLEN",
            "INCR",
            "LLEN",
            "RPOP",
            "SCARD",
            "SMEMBERS",
            "TYPE",
            "UNLINK",
        ),
        "{key}",
    ),
    **dict.fromkeys(("SCARD", "SMEMBERS", "TYPE", "XLEN", "ZCARD"), "{key}"),
    **dict.fromkeys(
        (
            "EXPIRE",
            "EXPIREAT",
            "HDEL",
            "HEXISTS",
            "HGET",
            "HMGET",
            "HSCAN",
            "LPUSH",
            "PEXPIRE",
            "RPUSH",
        ),
        "{key} 1",
    ),
    **dict.fromkeys(
        ("SADD", "SET", "SISMEMBER", "SREM", "XDEL", "XPENDING", "ZREM", "ZSCORE"), "{key} 1"
    ),
    **dict.fromkeys(("HINCRBY", "HSET", "HSETNX", "XACK", "ZADD"), "{key} 1 1"),
    **dict.fromkeys(("XRANGE", "XREVRANGE", "ZCOUNT", "ZRANGE", "ZRANGEBYLEX"), "{key} - +"),
    **dict.fromkeys(("LRANGE", "LSET", "LTRIM"), "{key} 0 0"),
    **dict.fromkeys(("ZRANGEBYSCORE", "ZREMRANGEBYSCORE", "ZREVRANGEBYSCORE"), "{key} 0 0"),
}
"""What follows each command to make it a whole one."""

_WHO: Final = {
    Role.PRODUCER: "a producer",
    Role.WORKER: "a worker",
    Role.OPERATOR: "an operator",
}

_KEY_TEST: Final = "HINCRBY"
"""Every role may use it, and it reads and writes."""


_OF_A_COMMAND: Final = "to run the"
"""What stands in the error of a server that denies a command, not a key."""


def access(
    redis: Redis, role: Role, namespace: str = NAMESPACE, *, on_cluster: bool = False
) -> Check:
    """Check the user of these connections, and name every permission it lacks.

    Raises:
        redis.RedisError: the server cannot be reached.
    """
    needed = access_of(role, namespace)
    try:
        missing = [
            *_missing_commands(redis, needed),
            *_missing_keys(redis, _keys(needed, on_cluster=on_cluster)),
        ]
    except NoPermissionError:
        missing = ["+multi", "+discard"]
    if not missing:
        return Check(NAME, Outcome.OK, f"the user may do what {_WHO[role]} needs")
    return Check(
        NAME,
        Outcome.FAILED,
        f"the user may not do what {_WHO[role]} needs; missing: {', '.join(missing)}",
        f"ACL SETUSER <user> {' '.join(missing)}, or its whole line in docs/operate/operations.md.",
    )


def _missing_commands(redis: Redis, needed: Access) -> list[str]:
    """Those that are denied wherever they point, as rules of an ACL."""
    names = [name for name in needed.commands if name not in _UNREHEARSED]
    key = _sample(needed.keys[0])
    replies = _rehearsed(redis, ((*name.split("|"), *_tail(name, key)) for name in names))
    return [
        f"+{name.lower()}"
        for name, reply in zip(names, replies, strict=True)
        if _is_denied(reply) and _OF_A_COMMAND in str(reply)
    ]


def _keys(needed: Access, *, on_cluster: bool) -> list[str]:
    """On a cluster, only the outbox's keys: Celery's are on another server, in other slots."""
    return [one for one in needed.keys if ":{" in one or not on_cluster]


def _missing_keys(redis: Redis, patterns: Sequence[str]) -> list[str]:
    replies = _rehearsed(redis, ((_KEY_TEST, _sample(one), "1", "1") for one in patterns))
    return [
        f"~{pattern}"
        for pattern, reply in zip(patterns, replies, strict=True)
        if _is_denied(reply) and _OF_A_COMMAND not in str(reply)
    ]


def _rehearsed(redis: Redis, commands: Iterable[tuple[str, ...]]) -> list[Any]:
    """What the server says to each when it is queued.

    Raises:
        redis.NoPermissionError: there can be no transaction, so nothing was said.
    """
    pool = redis.connection_pool
    connection: Any = pool.get_connection()
    try:
        _said(connection, ("MULTI",))
        replies = [_reply(connection, command) for command in commands]
        _reply(connection, ("DISCARD",))
    finally:
        connection.disconnect()  # it must not go back within a transaction
        pool.release(connection)
    return replies


def _said(connection: Any, command: tuple[str, ...]) -> Any:
    connection.send_command(*command)
    return connection.read_response()


def _reply(connection: Any, command: tuple[str, ...]) -> Any:
    try:
        return _said(connection, command)
    except ResponseError as error:
        return error


def _is_denied(reply: Any) -> bool:
    return isinstance(reply, NoPermissionError)


def _sample(pattern: str) -> str:
    """A key that the pattern means; of the outbox one in the slot of the installation."""
    return pattern.replace("{*}", f"{{{INSTALLATION_TAG}}}").replace("*", "doctor")


def _tail(name: str, key: str) -> list[str]:
    return _WORDS[name].format(key=key).split()
