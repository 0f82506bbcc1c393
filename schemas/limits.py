"""How large the parts of an event may be.

TikTok documents one of these figures, the length of a custom event name. The others are ours, far
above what honest events need: they keep anything unbounded from going out and one event from
filling a request.
"""

from __future__ import annotations

from typing import Final

from tiktok_events.event import times

EVENT_NAME_CHARS: Final = 50
"""Source: https://ads.tiktok.com/help/article/custom-events (read 2026-11-22)."""

ID_CHARS: Final = 512
LABEL_CHARS: Final = 256
"""Codes and short names: a colour, an airport, a locale, a date."""

TEXT_CHARS: Final = 5_000
"""Free text: a product name, a description, a search."""

CLICK_ID_CHARS: Final = 4_096
"""TikTok's click ids reach about 1,000 characters and must never be cut."""

USER_AGENT_CHARS: Final = 4_096
URL_CHARS: Final = 16_384
UNKNOWN_TEXT_CHARS: Final = 16_384
KEY_CHARS: Final = 256
"""The name of a key we do not know."""

OBJECT_KEYS: Final = 500
LIST_ITEMS: Final = 1_000
"""Contents, content ids, and the lists of unknown keys."""

MATCH_KEY_VALUES: Final = 100
UNKNOWN_LEVELS: Final = 8
FINDINGS: Final = 100
"""So many errors, and as many warnings, are reported for one event; the rest is counted."""

AMOUNT: Final = 10**15
"""The largest amount and count: beyond it a float has no cents."""

EXACT_FLOAT: Final = 2**53
"""The number from which on neighbouring integers share one float."""

EARLIEST_EVENT_TIME: Final = times.EARLIEST
LATEST_EVENT_TIME: Final = times.LATEST
