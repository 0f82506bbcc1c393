"""The figures counted for the events of one destination and one name, in one hour.

accepted            entered an outbox, or were delayed or buried at once
delivered           the API said code 0
dead:<reason>       became dead letters
salvaged:<path>     delivered with this place mended or left out
junk, left_out:<key>:<reason>, read_as:<key>
                    what producers remarked on
key:<match key>     delivered with this match key
value:<currency>    worth of what was delivered, in thousandths of the currency
latency:<seconds>   delivered within so many seconds of their acceptance, and not within the
                    next smaller number; `inf` is the last
latency_ms          the sum of these times
requests            sent to the API; they belong to no name

Figures that are in `counters` too have the same name there.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from typing import Final

ACCEPTED: Final = "accepted"
DELIVERED: Final = "delivered"
REQUESTS: Final = "requests"
LATENCY_SUM: Final = "latency_ms"

DEAD: Final = "dead:"
SALVAGED: Final = "salvaged:"
KEY: Final = "key:"
VALUE: Final = "value:"
LATENCY: Final = "latency:"

LATENCIES_S: Final = (1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, math.inf)
"""Upper bounds of the buckets; a fast delivery takes the linger plus one request."""

THOUSANDTHS: Final = 1_000
"""The smallest unit of every currency is a thousandth or more, so sums are whole numbers."""

ANY: Final = "*"
"""Stands for all destinations, and for the event names of an hour beyond `MOST_EVENTS`."""

NO_NAME: Final = ""
"""Stands for no event name: for requests, and events without a name."""

MOST_EVENTS: Final = 100
"""How many names of one destination and hour are counted apart."""

is_remark: Final = re.compile(r"junk|left_out:|read_as:").match
"""Matches the names of producers' remarks."""

_BUCKETS: Final = tuple(f"{LATENCY}{bound:g}" for bound in LATENCIES_S)


def latency_bucket(seconds: float) -> str:
    """Return the figure that counts a delivery that took so long."""
    return _BUCKETS[bisect_left(LATENCIES_S, seconds)]
