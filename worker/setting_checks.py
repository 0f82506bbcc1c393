"""What a setting of the worker may be: each returns the typed value, or says what is allowed."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from tiktok_events.setting_checks import address

_TOKEN: Final = re.compile(r"(?!\w+=[^=])[^\s\"'`<>]+")

WEBHOOK_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 — because it is no password
_WEBHOOK_KEY_BYTES: Final = range(24, 65)


_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_BROWSERS_OWN: Final = frozenset(
    {"accept", "accept-encoding", "accept-language", "authorization", "connection", "cookie"}
    | {"content-length", "content-type", "host", "origin", "referer", "user-agent"}
)

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_this_machine(host: str) -> bool:
    """Return whether the host is this machine, so that traffic to it need not be encrypted."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_within(address: str, networks: Iterable[Network]) -> bool:
    """Return whether an address is in one of these networks."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def proxy_networks(value: Any) -> tuple[Network, ...]:
    """Return the networks of proxies that name the user; all addresses are refused."""
    words = value.split(",") if isinstance(value, str) else value
    try:
        found = tuple(ipaddress.ip_network(str(word).strip()) for word in words)
    except (TypeError, ValueError):
        found = ()
    if not found or any(network.prefixlen == 0 for network in found):
        raise ValueError(
            "must be addresses or networks such as 10.0.0.0/8 or fd00::/8, separated by commas, "
            "and not all addresses"
        )
    return found


def header_name(value: Any) -> str:
    """Return the name of an HTTP header that a proxy writes."""
    if not isinstance(value, str) or not _HEADER.fullmatch(given := value.strip()):
        raise ValueError("must be the name of a header, such as X-Forwarded-Email")
    if given.lower() in _BROWSERS_OWN:
        raise ValueError("must be a header that no browser sends, such as X-Forwarded-Email")
    return given


def api_address(value: Any) -> str:
    """Where the API is: the token goes there with every request, so the way must be private."""
    given: str = address("https", "http")(value)
    parts = urlsplit(given)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no user and no password: the API wants an access token")
    if parts.query or parts.fragment:
        raise ValueError("must end before ? and #: the API wants its token in a header")
    if parts.path.strip("/"):
        raise ValueError("must end with the host or its port: the path of the API is added to it")
    # One word, such as `sandbox`, is a neighbour in a container network.
    if parts.scheme == "http" and not is_this_machine(host) and ("." in host or ":" in host):
        raise ValueError(
            "must begin with https://, or the access token would travel unencrypted; "
            "http:// is for a sandbox on this machine, or one whose host is a single word"
        )
    return given


def token(value: Any) -> str:
    """An access token: it goes into a header, which carries nothing else. No error shows it."""
    given = value.strip() if isinstance(value, str) else ""
    if not given or not (given.isascii() and given.isprintable()):
        raise ValueError("must be printable ASCII text")
    if not _TOKEN.fullmatch(given):
        raise ValueError(
            "must be the token alone: no quotes, no blank, no name or Bearer before it"
        )
    return given


def sentry_dsn(value: Any) -> str:
    """Return where Sentry takes reports; no error shows it."""
    given: str = address("https", "http")(value)
    parts = urlsplit(given)
    if not parts.username or not parts.path.rpartition("/")[2].isdigit():
        raise ValueError("must have a key and the number of a project: https://key@host/1")
    return given


def webhook_address(value: Any) -> str:
    """The address of a webhook; it often holds a secret, so no error shows it."""
    given = address("https", "http")(value)
    if given.startswith("http://") and not is_this_machine(urlsplit(given).hostname or ""):
        raise ValueError("must begin with https://, or lead to this machine")
    return str(given)


def webhook_secret(value: Any) -> str:
    """Return the secret that signs calls of the webhook, in the form of Standard Webhooks."""
    given = str(value).strip()
    try:
        key = base64.b64decode(given.removeprefix(WEBHOOK_SECRET_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not given.startswith(WEBHOOK_SECRET_PREFIX) or len(key) not in _WEBHOOK_KEY_BYTES:
        raise ValueError(f"must be {WEBHOOK_SECRET_PREFIX} and 24 to 64 bytes in base64")
    return given


def existing_file(value: Any) -> Path:
    """Return the path of a file that exists now."""
    path = Path(str(value))
    if not path.is_file():
        raise ValueError("must be the path of a readable TOML file")
    return path
