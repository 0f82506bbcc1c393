"""A moment as people write it: `2h` ago, `3d` ago, an ISO date or time."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final

from tiktok_events.errors import InvalidSetting

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGO: Final = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([smhdw])", re.ASCII).fullmatch


def moment(text: str, *, now: float) -> float:
    """The moment that a text means, Unix seconds.

    Args:
        text: `45s`, `12m`, `2h`, `3d` or `1w` ago; an ISO date, or an ISO time, in UTC unless
            it names its own offset.
        now: Unix seconds.

    Raises:
        InvalidSetting: it is none of these.
    """
    given = text.strip()
    if ago := _AGO(given):
        return now - float(ago[1]) * _UNITS_S[ago[2]]
    try:
        found = datetime.fromisoformat(given)
        at = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        at = -math.inf
    if at < 0:
        raise InvalidSetting(
            "write how long ago, such as 45s, 12m, 2h, 3d or 1w, "
            "or a time of UTC, such as 2026-11-22 or 2026-11-22T14:03"
        )
    return at
