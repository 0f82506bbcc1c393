"""Hand conversions for TikTok's Events API to a Redis outbox; a worker delivers them.

This module imports what applications may use. `event`, `outbox`, `connection` and `spool` are
internal.
"""

from __future__ import annotations

from tiktok_events.async_client import AsyncClient
from tiktok_events.client import Client
from tiktok_events.errors import (
    DurabilityUnsupported,
    EventTooLarge,
    InvalidDestination,
    InvalidEvent,
    InvalidSetting,
    MissingExtra,
    OutboxUnavailable,
    TikTokEventsError,
)
from tiktok_events.event.money import Money
from tiktok_events.event.policy import Policy
from tiktok_events.standard_events import (
    add_payment_info,
    add_to_cart,
    add_to_wishlist,
    complete_registration,
    contact,
    initiate_checkout,
    lead,
    purchase,
    search,
    start_trial,
    subscribe,
    view_content,
)
from tiktok_events.types import (
    Ad,
    AnyEvent,
    App,
    Content,
    Device,
    Event,
    Lead,
    Page,
    Properties,
    User,
)
from tiktok_events.validation import Problem, ProblemKind, validate

__all__ = [
    "Ad",
    "AnyEvent",
    "App",
    "AsyncClient",
    "Client",
    "Content",
    "Device",
    "DurabilityUnsupported",
    "Event",
    "EventTooLarge",
    "InvalidDestination",
    "InvalidEvent",
    "InvalidSetting",
    "Lead",
    "MissingExtra",
    "Money",
    "OutboxUnavailable",
    "Page",
    "Policy",
    "Problem",
    "ProblemKind",
    "Properties",
    "TikTokEventsError",
    "User",
    "add_payment_info",
    "add_to_cart",
    "add_to_wishlist",
    "complete_registration",
    "contact",
    "initiate_checkout",
    "lead",
    "purchase",
    "search",
    "start_trial",
    "subscribe",
    "validate",
    "view_content",
]
