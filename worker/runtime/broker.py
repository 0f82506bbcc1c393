"""Celery's broker as Celery takes it: kombu has words of its own for a server behind Sentinel."""

from __future__ import annotations

from typing import Any, Final

from redis.backoff import NoBackoff
from redis.retry import Retry

from tiktok_events.connection.led_address import LedAddress, Node

ASK_S: Final = 1.0
"""For one Sentinel: kombu asks in the worker's event loop, one after the other."""


def kombu_url(url: str) -> str:
    """The URL with which kombu finds the broker.

    Source: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html
    (a URL for each Sentinel), read 2026-11-22.
    """
    address = LedAddress.parse(url)
    return url if address is None else ";".join(_one(address, node) for node in address.nodes)


def kombu_settings(url: str) -> dict[str, Any]:
    """What else it needs: Celery's settings, transport options apart."""
    address = LedAddress.parse(url)
    if address is None or not address.encrypted:
        return {}
    return {"broker_use_ssl": {"ssl_cert_reqs": "required", **_tls(address)}}


def kombu_options(url: str) -> dict[str, Any]:
    """What else it needs: transport options."""
    address = LedAddress.parse(url)
    if address is None:
        return {}
    limits = {"socket_timeout": ASK_S, "socket_connect_timeout": ASK_S}
    asking = {**address.asking, **limits, "retry": Retry(NoBackoff(), 0), "ssl": address.encrypted}
    return {"master_name": address.service, "sentinel_kwargs": asking}


def _one(address: LedAddress, node: Node) -> str:
    host, port = node
    host = f"[{host}]" if ":" in host else host
    user_info = f"{address.user_info}@" if address.user_info else ""
    return f"sentinel://{user_info}{host}:{port}/{address.database}"


def _tls(address: LedAddress) -> dict[str, Any]:
    return {name: value for name, value in address.leading.items() if name.startswith("ssl_")}
