"""The events that are enqueued, made outside the clock from the samples of the demo."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.designs.catalogue import Takes
from worker.local.samples.events import sample_events

WEB_SHARE = 0.8
"""At least so many of the samples are web events."""

NAMES_OF_PEERS = {
    *("ViewContent", "Search", "AddToWishlist", "AddToCart", "InitiateCheckout"),
    *("AddPaymentInfo", "CompletePayment", "SubmitForm", "CompleteRegistration", "Subscribe"),
}
"""The names of web events in the samples that `pytt-events-api` knows."""

Events = list[dict[str, Any]]


def samples(events: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the samples, each with an id: the sink tells what is missing and what came twice."""
    found = sample_events(events, seed=seed, now=int(time.time()))
    for number, event in enumerate(found):
        yield {"event_id": str(UUID(int=(seed << 64) + number)), **event}


def web_events(wanted: int, seed: int) -> Events:
    """Return web events without an id: the client makes a new one whenever one is enqueued."""
    found = sample_events(round(wanted / WEB_SHARE), seed=seed, now=int(time.time()))
    web = (event for event in found if event["event_source"] == "web")
    events = [{k: v for k, v in event.items() if k != "event_id"} for event in islice(web, wanted)]
    assert len(events) == wanted
    return events


def events_for(takes: Takes, events: int, seed: int) -> Iterator[dict[str, Any]]:
    """Return what a design can send: all samples, or those that the older clients can send too."""
    if takes == "all":
        return samples(events, seed)
    enough = samples(round(events / WEB_SHARE) * 2, seed)
    web = (event for event in enough if event["event_source"] == "web")
    return islice((event for event in web if event["event"] in NAMES_OF_PEERS), events)


@cache
def directory() -> tempfile.TemporaryDirectory[str]:
    """Return where the corpora stand until this process ends."""
    return tempfile.TemporaryDirectory(prefix="bench-")


@cache
def corpus(takes: Takes, seed: int, events: int) -> Path:
    """Return a file of so many events, one a line."""
    file = Path(directory().name) / f"{takes}-{seed}-{events}.jsonl"
    with file.open("w") as lines:
        for event in events_for(takes, events, seed):
            lines.write(json.dumps(event, separators=(",", ":")) + "\n")
    return file
