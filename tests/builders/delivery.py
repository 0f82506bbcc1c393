"""One delivery, as a worker makes it, in this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random

from redis import Redis

from tests.builders.stores import store_of
from tiktok_events.event.destination import Destination
from worker.delivery.deliver import Batch, Delivery
from worker.delivery.destinations import Destinations
from worker.delivery.events_api import EventsApi
from worker.delivery.prepare import Preparer
from worker.outbox.claim import Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Settlement
from worker.reporting.tracing import Tracer
from worker.settings import Settings


def deliver_once(
    redis: Redis, settings: Settings, destination: Destination, tracers: Sequence[Tracer] = ()
) -> None:
    """Claim up to 1,000 events of a destination, and end the claim."""
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    api = EventsApi(settings.api_url, timeout_s=settings.request_timeout_s)
    delivery = Delivery(api, outbox, settings, Random(1), tracers)
    account = Destinations(settings).account(destination)
    (claim,) = outbox.claim([Want(destination.key, 1000, 1_000_000, account.token_limit)])
    blocks = [OpenBlock.of(claimed, lease_ends=time.monotonic() + 60) for claimed in claim.blocks]
    preparer = Preparer(destination, settings, strict=account.limits.strict)
    outgoing = [
        one for block in blocks for one in preparer.prepare(block, now=time.time()).end_in(block)
    ]
    if outgoing:
        delivery.deliver(Batch(destination, account, claim.failures, outgoing))
    else:
        settlement = Settlement(destination.key, claim.failures, account.token_limit)
        delivery.settle_unsent(settlement, blocks)
