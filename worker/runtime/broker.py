"""Celery's broker in Celery's terms: kombu has names of its own for Sentinels and for TLS."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from redis.backoff import NoBackoff
from redis.retry import Retry

from tiktok_events.connection.discovery_address import DiscoveryAddress, Node
from tiktok_events.connection.tls import tls_arguments, url_arguments

NO_BROKER: Final = "redis://broker.invalid"
"""What Celery is told where there is none: it wants a URL, whose transport has an event loop.

Nobody connects to it, and nobody could.
Source: https://www.rfc-editor.org/rfc/rfc2606#section-2 (read 2026-11-30).
"""

ASK_S: Final = 1.0
"""Seconds for one Sentinel: kombu asks them in the worker's event loop, one after another."""


def kombu_url(url: str) -> str:
    """Return the URL with which kombu finds the broker.

    Source: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html
    (a URL for each Sentinel), read 2026-11-22.
    """
    address = DiscoveryAddress.parse(url)
    if address is None:
        return _without_tls_options(url)
    return ";".join(_one(address, node) for node in address.nodes)


def kombu_settings(url: str) -> dict[str, Any]:
    """Return Celery's other settings for the broker, apart from the transport options.

    Kombu verifies no certificate unless it is told to, by options of the URL or in this place.
    """
    address = DiscoveryAddress.parse(url)
    arguments = url_arguments(url) if address is None else address.primary
    tls = tls_arguments(arguments)
    return {"broker_use_ssl": tls} if tls else {}


def kombu_options(url: str) -> dict[str, Any]:
    """Return the transport options that the broker needs."""
    address = DiscoveryAddress.parse(url)
    if address is None:
        return {}
    limits = {"socket_timeout": ASK_S, "socket_connect_timeout": ASK_S}
    asking = {**address.asking, **limits, "retry": Retry(NoBackoff(), 0), "ssl": address.encrypted}
    return {"master_name": address.service, "sentinel_kwargs": asking}


def _one(address: DiscoveryAddress, node: Node) -> str:
    host, port = node
    host = f"[{host}]" if ":" in host else host
    user_info = f"{address.user_info}@" if address.user_info else ""
    return f"sentinel://{user_info}{host}:{port}/{address.database}"


def _without_tls_options(url: str) -> str:
    """Return the URL without TLS options, which are in `kombu_settings`: kombu misreads them."""
    parts = urlsplit(url)
    options = [(name, value) for name, value in parse_qsl(parts.query) if name[:4] != "ssl_"]
    return urlunsplit(parts._replace(query=urlencode(options)))
