"""The events that all designs get, written once, outside the clock.

Each has an id, so that the sink can tell one that is missing from one that came twice.
"""

from __future__ import annotations

import json
import time
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from worker.local.samples.events import sample_events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from designs import Takes

WEB_SHARE = 0.8
"""At least so many of the samples are web events."""

NAMES_OF_PEERS = frozenset(
    {
        "ViewContent",
        "Search",
        "AddToWishlist",
        "AddToCart",
        "InitiateCheckout",
        "AddPaymentInfo",
        "CompletePayment",
        "SubmitForm",
        "CompleteRegistration",
        "Subscribe",
    }
)
"""Of the samples' web events, those that `pytt-events-api` has a name for."""


def samples(events: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the samples, each with an id."""
    found = sample_events(events, seed=seed, now=int(time.time()))
    for number, event in enumerate(found):
        yield {"event_id": str(UUID(int=(seed << 64) + number)), **event}


def web_samples(events: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield samples that the clients of the older API can send, too."""
    enough = samples(round(events / WEB_SHARE) * 2, seed)
    web = (event for event in enough if event["event_source"] == "web")
    return islice((event for event in web if event["event"] in NAMES_OF_PEERS), events)


def write_corpus(file: Path, events: int, seed: int, takes: Takes) -> None:
    """Write one event a line."""
    found = samples(events, seed) if takes == "all" else web_samples(events, seed)
    with file.open("w") as lines:
        for event in found:
            lines.write(json.dumps(event, separators=(",", ":")) + "\n")
