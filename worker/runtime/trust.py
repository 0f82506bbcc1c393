"""Tell whether a server must prove its identity, or an operator has waived that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tiktok_events.connection.discovery_address import DiscoveryAddress
from tiktok_events.connection.tls import unverified, url_arguments
from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.reporting.log import Log
from worker.settings import Settings

log = Log("tiktok_events.trust")

ADDRESSES: Final = ("redis_url", "broker_url")


def believed_unseen(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each setting whose address turns verification off, with the option that does."""
    for name in ADDRESSES:
        url = getattr(settings, name)
        if url is not None and (option := _option(url)):
            yield ENVIRONMENT_PREFIX + name.upper(), option


def say_what_is_believed_unseen(settings: Settings) -> None:
    """Log a line for each such setting."""
    for name, option in believed_unseen(settings):
        log.warning("tls_unverified", setting=name, reason=option)


def _option(url: str) -> str:
    address = DiscoveryAddress.parse(url)
    return unverified(url_arguments(url) if address is None else address.primary)
