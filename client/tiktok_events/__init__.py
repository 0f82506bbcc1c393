"""Hand conversions for TikTok's Events API to a Redis outbox; a worker delivers them."""

from __future__ import annotations

from tiktok_events.client import Client
from tiktok_events.errors import (
    EventTooLarge,
    InvalidDestination,
    InvalidEvent,
    InvalidSetting,
    OutboxUnavailable,
    TikTokEventsError,
)
from tiktok_events.policy import Policy

__all__ = [
    "Client",
    "EventTooLarge",
    "InvalidDestination",
    "InvalidEvent",
    "InvalidSetting",
    "OutboxUnavailable",
    "Policy",
    "TikTokEventsError",
]
