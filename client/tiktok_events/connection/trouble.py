"""Why Redis cannot be used, in one sentence for clients, workers and commands alike.

The sentence names the server, never a user or a password, and has a remedy beside it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

from tiktok_events.connection.discovery_address import DiscoveryAddress
from tiktok_events.connection.tls import url_arguments

LOOK_S: Final = 1.0
"""For asking a full server how full it is; it answers at once, or not at all."""

_CLUSTER: Final = (
    "Set {setting} to redis+cluster://host:port,host:port with several nodes, "
    "and TIKTOK_EVENTS_BROKER_URL to another server, or leave it out."
)

_AUTHORITY: Final = "REQUESTS_CA_BUNDLE=/path/to/ca.pem"
"""Where `requests` looks for it."""

_WORDS: Final = (
    ("PrimaryUnknown|CircuitOpen|TurnNeverCame", "{error}", "Start them, or correct {setting}."),
    ("LeaderAway", "{error}", "Start it, or let a replica take over."),
    (
        "ConnectionRefusedError|Connect call failed|Connection refused",
        "{where} refuses connections: nobody listens there",
        "Start the server, or correct {setting}.",
    ),
    (
        "gaierror",
        "{where} cannot be found: its host is not known",
        "Correct the host in {setting}, or the name service of this machine.",
    ),
    (
        "No such file or directory",
        "{where} cannot be found: there is no socket",
        "Start the server, or correct {setting}.",
    ),
    (
        "certificate",
        "the certificate of {where} is not trusted: {verify}",
        "Name its authority: {authority}",
    ),
    (
        "SSLError",
        "{where} does not speak TLS",
        "Begin {setting} with {plain}, or name the port that speaks TLS.",
    ),
    (
        r'InvalidResponse.*got "(?:\\x15|\x15)"',
        "{where} speaks TLS, which the address does not",
        "Begin {setting} with rediss://.",
    ),
    (
        "InvalidResponse",
        "{where} is no Redis: its answer begins with {byte}",
        "Correct host and port in {setting}.",
    ),
    (
        "without any password",
        "{where} has no password, but the address has one",
        "Take it out of {setting}, or set it on the server.",
    ),
    (
        "WRONGPASS|invalid username-password|invalid password",
        "{where} refuses this user or password",
        "Correct both in {setting}.",
    ),
    (
        "NOAUTH|Authentication required",
        "{where} wants a password, but the address has none",
        "Write it before the host in {setting}.",
    ),
    (
        "BusyLoading|LOADING|loading the dataset",
        "{where} is loading its data, and answers nothing else until it has",
        "Wait; work goes on by itself then.",
    ),
    (
        r"OutOfMemory|\bOOM\b",
        "{where} is full{memory}",
        "Let workers empty it, or give it more memory: CONFIG SET maxmemory.",
    ),
    (
        "ReadOnlyError|READONLY",
        "{where} is a replica, which takes no events",
        "Let {setting} lead to the server that it replicates.",
    ),
    (
        "NOREPLICAS",
        "{where} has fewer replicas than its min-replicas-to-write, and takes no events",
        "Start its replicas, or lower min-replicas-to-write.",
    ),
    (
        "MISCONF",
        "{where} cannot write to its disk, and takes no events",
        "Look at the server's disk and its log.",
    ),
    (
        "MovedError|MOVED",
        "this node of a cluster has not got the outbox, another has",
        _CLUSTER,
    ),
    (
        "ClusterDown|CLUSTERDOWN",
        "the cluster serves nothing: too few of its primaries live, or a slot has none",
        "See CLUSTER INFO and CLUSTER NODES.",
    ),
    (
        "DB index is out of range",
        "{where} has no database {database}",
        "Correct the number at the end of {setting}.",
    ),
    (
        "max number of clients",
        "{where} has as many connections as its maxclients allows",
        "Raise maxclients, or close other programs' connections.",
    ),
    (
        "DENIED",
        "{where} is in protected mode: it has no password, and talks to its own machine only",
        "Give it a password, and put it into {setting}.",
    ),
    (
        "TimeoutError|Timeout|did not answer in time",
        "{where} did not answer in time{silent}",
        "See whether host and port in {setting} are right, and whether a firewall is between.",
    ),
    (
        "reset by peer|closed by server|Connection lost",
        "{where} closes the connection{closing}",
        "See whether host and port in {setting} are right.",
    ),
    ("", "{where} cannot be used: {error}", "Start the server, or correct {setting}."),
)
"""What errors say, or are called; a sentence; a remedy. The first that fits."""


_SAID: Final[dict[str, tuple[float, str]]] = {}
"""What full servers said, and when: each call of an application meets the same error."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a server cannot be used.

    Attributes:
        message: one sentence, without a full stop.
        remedy: what to do.
    """

    message: str
    remedy: str


def trouble(
    error: BaseException, url: str, setting: str = "TIKTOK_EVENTS_REDIS_URL", who: str = "Redis"
) -> Trouble:
    """Say what an error means that a connection to `url` has met.

    Args:
        error: redis-py's, or of the system.
        url: as the setting has it; `http` and `https` do as well.
        setting: name of the variable, for the remedy.
        who: what is at the address.
    """
    said = "\n".join(f"{type(one).__name__}: {one}" for one in _chain(error))
    message, remedy = next(
        words for pattern, *words in _WORDS if re.search(pattern, said, re.IGNORECASE)
    )
    redis = not url.startswith("http")
    byte = re.search(r'got ("[^"]*"?)', said)
    verify = re.search(r"verify failed: ([^(\n]+)", said)
    figures = {
        "error": error,
        "where": f"{who} at {place(url)}",
        "setting": setting,
        "byte": byte[1] if byte else "something else",
        "verify": verify[1].strip() if verify else "it cannot be verified",
        "memory": _memory(url) if "{memory}" in message else "",
        "plain": "redis://" if redis else "http://",
        "authority": f"{setting}=…?ssl_ca_certs=/path/to/ca.pem" if redis else _AUTHORITY,
        "database": urlsplit(url).path.strip("/"),
        "silent": "; one that does not speak TLS is silent too" if _encrypted(url) else "",
        "closing": "" if _encrypted(url) else "; one that wants TLS (rediss://) does so",
    }
    return Trouble(message.format(**figures), remedy.format(**figures))


def no_outbox(error: BaseException, url: str) -> str:
    """Return the sentence that a producer's call ends with."""
    return f"the outbox cannot be used: {trouble(error, url).message}"


def place(url: str) -> str:
    """Where a URL leads, without user, password and options."""
    address = DiscoveryAddress.parse(url)
    if address is not None:
        return ", ".join(f"{host}:{port}" for host, port in address.nodes)
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{port_of(url)}"


def port_of(url: str) -> int:
    """The port of a URL, given or not."""
    parts = urlsplit(url)
    return parts.port or {"https": 443, "http": 80}.get(parts.scheme, 6379)


def _encrypted(url: str) -> bool:
    return url.startswith(("rediss", "https"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def _memory(url: str) -> str:
    """How full a server is, as it said within the last second; nothing if it does not say."""
    asked_at, words = _SAID.get(url, (0.0, ""))
    if time.monotonic() - asked_at > LOOK_S:
        words = _ask_for_memory(url)
        _SAID[url] = time.monotonic(), words
    return words


def _ask_for_memory(url: str) -> str:
    if DiscoveryAddress.parse(url) is not None:
        return ""
    how = url_arguments(url) | {"socket_timeout": LOOK_S, "socket_connect_timeout": LOOK_S}
    try:
        with Redis.from_url(url, **how) as redis:
            memory = redis.info("memory")
    except (RedisError, OSError):
        return ""
    return f": {int(memory['used_memory']):,} of {int(memory['maxmemory']):,} bytes are used"
