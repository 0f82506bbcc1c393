"""Make event ids that sort by time, and shorten event names for figures."""

from __future__ import annotations

import os
import time
from typing import Final

COUNTED_CHARS: Final = 64
"""How much of a name figures keep; TikTok takes no longer names."""


def new_event_id() -> str:
    """Return a UUID version 7: 48 bits of Unix milliseconds, then 74 random bits.

    Such ids sort by time, so ids made together are neighbours in any index. The standard library
    makes them from Python 3.14 on.

    Source: RFC 9562 section 5.7, https://www.rfc-editor.org/rfc/rfc9562 (read 2026-11-22).
    """
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 0x7 << 76  # version
    number = number & ~(0x3 << 62) | 0x2 << 62  # variant
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def counted_name(name: object) -> str:
    """Return an event's name as figures keep it: shortened, and empty if the name is no text."""
    return name.strip()[:COUNTED_CHARS] if isinstance(name, str) else ""
