"""TLS to Redis: every connection verifies its server, unless its address says otherwise.

The server's certificate must be signed by a known authority, one of the system or of
`ssl_ca_certs`, and carry the name that was connected to. Two options of an address turn that
off: `ssl_cert_reqs=none` all of it, `ssl_check_hostname=false` the name.

Source: https://redis.readthedocs.io/en/stable/connections.html#redis.connection.SSLConnection,
read 2026-11-30.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from redis.connection import parse_url

VERIFIED: Final = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
"""The arguments that verify a server; kombu's own default for `rediss://` is to verify nothing."""

OTHER_OPTIONS: Final = ("health_check_interval", "max_connections", "socket_keepalive")
"""What else a URL may set; the rest would change what our own code relies on, or is a mistake."""

_PLACE: Final = frozenset(
    {"host", "port", "path", "db", "username", "password", "connection_class"}
)

CERTAINTIES: Final = ("required", "none")

FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")

OPTIONS: Final = (
    *VERIFIED,
    *FILES,
    "ssl_ca_data",
    "ssl_ca_path",
    "ssl_ciphers",
    "ssl_exclude_verify_flags",
    "ssl_include_verify_flags",
    "ssl_min_version",
    "ssl_password",
)
"""The options of redis-py that its connections for asyncio know as well."""


def url_arguments(url: str) -> dict[str, Any]:
    """redis-py's arguments of a connection to the server at a `redis`, `rediss` or `unix` URL.

    Raises:
        ValueError: it has an option that cannot be used ("must …").
    """
    try:
        arguments = dict(parse_url(url))  # type: ignore[no-untyped-call]  # redis-py's
    except ValueError as error:  # it names the option, not what it says
        raise ValueError(f"must have options that redis-py can read: {error}") from None
    encrypted = url.startswith("rediss://")
    _check_others(url, arguments)
    _check(arguments, encrypted=encrypted)
    return (VERIFIED | arguments) if encrypted else arguments


def check_database(given: str) -> None:
    """Refuse what redis-py would pass over: it would use database 0.

    Raises:
        ValueError: where a database should be is something else ("must …").
    """
    try:
        parts = urlsplit(given)
    except ValueError:  # Python's "Invalid IPv6 URL" names no remedy
        raise ValueError("must be a URL: a host, a port up to 65535, no blanks") from None
    if parts.scheme == "unix":
        if parts.netloc.rpartition("@")[2] or not parts.path:
            raise ValueError(
                "must be unix:// and the whole path of a socket: unix:///run/redis.sock"
            )
        return
    if parts.fragment or not re.fullmatch(r"/?|/\d{1,5}", parts.path, re.ASCII):
        raise ValueError(
            "must end with the number of a database, such as /0, or behind the port; "
            "a / ? or # in a password is written %2F %3F %23"
        )


def check_files(arguments: Mapping[str, Any]) -> None:
    """Refuse files that are not there.

    Raises:
        ValueError: one is not ("must …").
    """
    for name in FILES:
        if name in arguments and not Path(arguments[name]).is_file():
            raise ValueError(f"must have {name} that is a file; {arguments[name]} is none")


def tls_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `url_arguments` that are about TLS."""
    return {name: value for name, value in arguments.items() if name.startswith("ssl_")}


def unverified(arguments: Mapping[str, Any]) -> str:
    """The option that keeps a connection from verifying its server; `""` if there is none."""
    if arguments.get("ssl_cert_reqs") == "none":
        return "ssl_cert_reqs=none"
    return "" if arguments.get("ssl_check_hostname", True) else "ssl_check_hostname=false"


def _check_others(url: str, arguments: Mapping[str, Any]) -> None:
    """Refuse options that connections do not know, and a place that is given twice."""
    twice = {name for name, _ in parse_qsl(urlsplit(url).query)} & _PLACE
    unknown = {*arguments} - _PLACE - {*OTHER_OPTIONS} - {*tls_arguments(arguments)} | twice
    if unknown and not url.startswith("unix://"):
        allowed = ", ".join((*OTHER_OPTIONS, "ssl_…"))
        raise ValueError(f"must not have the option {min(unknown)}; allowed are {allowed}")


def _check(arguments: Mapping[str, Any], *, encrypted: bool) -> None:
    given = tls_arguments(arguments)
    if given and not encrypted:
        raise ValueError(f"must begin with rediss to have {', '.join(sorted(given))}")
    if unknown := sorted(set(given) - set(OPTIONS)):
        raise ValueError(f"must not have {unknown[0]}; allowed are {', '.join(sorted(OPTIONS))}")
    if given.get("ssl_cert_reqs", "required") not in CERTAINTIES:
        raise ValueError(f"must have ssl_cert_reqs={' or '.join(CERTAINTIES)}")
