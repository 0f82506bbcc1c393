"""Resumes parked destinations when their access token is no longer the one that was refused.

A look is one read while no token has changed, however many destinations are parked.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final

from tiktok_events.event.destination import Destination
from worker.delivery.destinations import Destinations
from worker.outbox.parking import PARKED_BY_HAND, Parking
from worker.reporting.log import Log

log = Log("tiktok_events.token_watch")

CHANGED: Final = "token changed"
AT_ONCE: Final = 500
"""Destinations resumed by one look: thousands may share a token, and a look must be short."""


class TokenWatch:
    """Compares the tokens that destinations were parked for with those configured now.

    To be asked about once a second (`destinations.LOOK_EVERY_S`): a change counts when two looks
    have seen it, because until then another process of this worker may still send the probe
    with the token that was refused.

    Args:
        parking: where destinations are parked.
        destinations: their tokens as this process sees them.
    """

    def __init__(self, parking: Parking, destinations: Destinations) -> None:
        self._parking = parking
        self._destinations = destinations
        self._seen: dict[str, str] = {}

    def look(self) -> bool:
        """Resume what can go on; returns whether any destination was parked.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        parked = self._parking.parked()
        changed = {name: old for name, old in parked.items() if self._has_changed(name, old)}
        ripe = {name: old for name, old in changed.items() if self._seen.get(name) == old}
        self._seen = changed
        self._resume(dict(islice(ripe.items(), AT_ONCE)))
        return bool(parked)

    def _resume(self, digests: Mapping[str, str]) -> None:
        for name in self._parking.resume_for(digests, CHANGED):
            log.info("resumed", destination=name, reason=CHANGED)

    def _has_changed(self, name: str, old_digest: str) -> bool:
        if old_digest == PARKED_BY_HAND:
            return False
        account = self._destinations.account(Destination.from_key(name))
        return account.access_token is not None and account.token_limit.token_digest != old_digest
