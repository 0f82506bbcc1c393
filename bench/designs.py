"""The designs that are compared: how each is set up, fed and worked off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TOKEN = "a-token-for-the-sink"  # noqa: S105 — because the sink takes any


@dataclass(frozen=True, slots=True)
class Design:
    """One column of the comparison.

    Attributes:
        name: as it is printed.
        producer: how it is fed, see ``producer.py``.
        usual: whether it is the naive design, or ours.
        session: whether the naive design keeps its connections.
    """

    name: str
    producer: Literal["delay", "track", "track_many"]
    usual: bool = False
    session: bool = False

    def environment(self, redis_url: str, api_url: str) -> dict[str, str]:
        """Return the environment of its producer and its worker."""
        if not self.usual:
            return {
                "TIKTOK_EVENTS_REDIS_URL": redis_url,
                "TIKTOK_EVENTS_API_URL": api_url,
                "TIKTOK_EVENTS_ACCESS_TOKEN": TOKEN,
            }
        return {
            "NAIVE_BROKER_URL": redis_url,
            "NAIVE_API_URL": api_url,
            "NAIVE_ACCESS_TOKEN": TOKEN,
            "NAIVE_SESSION": "1" if self.session else "",
        }

    def worker(self, concurrency: int) -> list[str]:
        """Return the command that starts its worker."""
        processes = ["--concurrency", str(concurrency)]
        if self.usual:
            return ["celery", "-A", "naive", "worker", "--loglevel", "warning", *processes]
        return ["tiktok-events", "worker", *processes]


NAIVE = Design("naive", "delay", usual=True)
NAIVE_SESSION = Design("naive, Session", "delay", usual=True, session=True)
ONE_AT_A_TIME = Design("track()", "track")
BULK = Design("track_many()", "track_many")
DESIGNS = (NAIVE, NAIVE_SESSION, ONE_AT_A_TIME, BULK)
