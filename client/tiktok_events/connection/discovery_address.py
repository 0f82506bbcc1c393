"""The address of an outbox that moves: servers to be asked for the primary. No I/O here.

    redis+sentinel://[user:password@]host[:26379][,host…]/service[/database][?options]
    redis+cluster://[user:password@]host[:6379][,host…][?options]

`rediss+…` is the same over TLS, to those that are asked, too. User and password are those of
the Redis servers; `sentinel_username` and `sentinel_password` among the options are those of
the Sentinels. Every other option is one of redis-py's URLs, such as `ssl_ca_certs`.

Source: https://docs.prefect.io/integrations/prefect-redis/api-ref/prefect_redis-connection and
https://limits.readthedocs.io/en/stable/storage.html (the forms that others read as well),
read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from tiktok_events.connection.tls import tls_arguments, url_arguments

FORMS: Final = ("redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")

NO_CLUSTER: Final = (
    "must not be a cluster, which Celery's transport cannot use; any other Redis, "
    "6.2 or later, or Valkey, will do: it holds no events"
)

NO_RABBITMQ: Final = (
    "must not be RabbitMQ: workers read what Celery producers send out of Redis, so that a "
    "killed worker loses none; any Redis, 6.2 or later, or Valkey, will do"
)

SENTINEL_PORT: Final = 26_379
CLUSTER_PORT: Final = 6_379
MOST_NODES: Final = 16
"""The most hosts of an address: each may be waited for when a connection is made."""

_FORM: Final = re.compile(
    r"(rediss?)\+(sentinel|cluster)://(?:([^/?#]*)@)?([^@/?#]*)(/[^?#]*)?(?:\?([^#]*))?"
)
_SERVICE: Final = re.compile(r"[\w.-]+", re.ASCII)
_OWN: Final = ("sentinel_username", "sentinel_password")

Node = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, slots=True)
class DiscoveryAddress:
    """Where to ask for the primary, and how to speak to it.

    Attributes:
        nodes: the Sentinels, or servers of the cluster.
        service: what the Sentinels call the servers; `None` for a cluster.
        database: of the primary.
        user_info: user and password of the Redis servers, as the URL has them.
        encrypted: whether every connection uses TLS.
        primary: redis-py's arguments for a connection to the primary, without its address.
        asking: the same for a connection to a server that is asked for the primary.
    """

    nodes: tuple[Node, ...]
    service: str | None
    database: int
    user_info: str = field(repr=False)
    encrypted: bool
    primary: Mapping[str, Any] = field(repr=False)
    asking: Mapping[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self | None:
        """Read a URL; `None` when it is that of one server.

        Raises:
            ValueError: it has one of the forms, but cannot be used ("must …").
        """
        if not url.startswith(tuple(f"{form}://" for form in FORMS)):
            return None
        if not (parts := _FORM.fullmatch(url)) or not url.isprintable() or " " in url:
            raise ValueError("must be a URL: hosts separated by commas, no blanks")
        scheme, kind, user_info, hosts, path, query = (part or "" for part in parts.groups())
        service, database = _place(kind, path.strip("/"))
        own, others = _options(query)
        primary = _arguments(f"{scheme}://{user_info}@localhost/{database}?{urlencode(others)}")
        return cls(
            _nodes(hosts, SENTINEL_PORT if service else CLUSTER_PORT),
            service,
            database,
            user_info,
            scheme == "rediss",
            primary,
            primary if service is None else _of_a_sentinel(primary, own),
        )


def is_cluster(url: str) -> bool:
    """Whether a URL has the form of a cluster's."""
    return url.startswith(("redis+cluster://", "rediss+cluster://"))


def refuse_kind(url: str, *, cluster: bool) -> None:
    """Refuse a URL of what cannot be used at all.

    Raises:
        ValueError: it is RabbitMQ's, or a cluster's where none may be ("must …").
    """
    if is_cluster(url) and not cluster:
        raise ValueError(NO_CLUSTER)
    if url.startswith(("amqp://", "amqps://", "pyamqp://")):
        raise ValueError(NO_RABBITMQ)


def _place(kind: str, path: str) -> tuple[str | None, int]:
    """Return service and database."""
    if kind == "cluster":
        if path not in {"", "0"}:
            raise ValueError("must name no database but 0: a cluster has no other")
        return None, 0
    service, _, database = path.partition("/")
    if not _SERVICE.fullmatch(service):
        raise ValueError("must name the Sentinels' service: redis+sentinel://host:26379/service/0")
    if not re.fullmatch(r"\d{0,5}", database, re.ASCII):
        raise ValueError("must end with the number of a database, or with the service")
    return service, int(database or "0")


def _nodes(hosts: str, port: int) -> tuple[Node, ...]:
    given = hosts.split(",")
    if len(given) > MOST_NODES:
        raise ValueError(f"must name at most {MOST_NODES} hosts")
    return tuple(_node(one, port) for one in given)


def _node(given: str, port: int) -> Node:
    try:
        parts = urlsplit(f"redis://{given}")
        host, own_port = parts.hostname, parts.port
    except ValueError:
        host, own_port = None, None
    if not host:
        raise ValueError("must be a URL: hosts separated by commas, a port up to 65535 behind each")
    return host, own_port or port


def _options(query: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the options that are the Sentinels' own, and the others."""
    given = dict(parse_qsl(query))
    own: dict[str, str] = {name: given.pop(name) for name in _OWN if name in given}
    return own, given


def _arguments(url: str) -> dict[str, Any]:
    arguments = url_arguments(url)
    for name in ("host", "port", "connection_class"):
        arguments.pop(name, None)
    return arguments


def _of_a_sentinel(primary: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, Any]:
    """Return arguments for a Sentinel: it has no databases, users of its own, and the same TLS."""
    return tls_arguments(primary) | {
        name.removeprefix("sentinel_"): value for name, value in own.items()
    }
