"""Hand conversions for TikTok's Events API to a Redis outbox; a worker delivers them."""

from __future__ import annotations

from tiktok_events.async_client import AsyncClient
from tiktok_events.client import Client
from tiktok_events.errors import (
    DurabilityUnsupported,
    EventTooLarge,
    InvalidDestination,
    InvalidEvent,
    InvalidSetting,
    OutboxUnavailable,
    TikTokEventsError,
)

__all__ = [
    "AsyncClient",
    "Client",
    "DurabilityUnsupported",
    "EventTooLarge",
    "InvalidDestination",
    "InvalidEvent",
    "InvalidSetting",
    "OutboxUnavailable",
    "TikTokEventsError",
]
