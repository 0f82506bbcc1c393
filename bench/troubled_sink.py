"""The sink with trouble for one event source: its requests hang, or are refused or throttled.

What it counts is the others', with trouble or without. Otherwise as ``sink.py``.
"""

from __future__ import annotations

import argparse
import asyncio

from sink import SAID_YES, Sink, response, serve

TROUBLES = {
    "none": SAID_YES,
    "parked": response({"code": 40001, "message": "No permission for this pixel."}),
    "throttled": response({"code": 40100, "message": "Too many requests."}),
    "hanging": None,
}


class TroubledSink(Sink):
    """Says yes to all sources but one."""

    def __init__(self, latency_s: float, trouble: str, source_id: str) -> None:
        super().__init__(latency_s)
        self.trouble = TROUBLES[trouble]
        self.mark = source_id.encode()

    def answer_to(self, body: bytes) -> bytes | None:
        """Accept what is not the troubled source's."""
        return self.trouble if self.mark in body else super().answer_to(body)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="make trouble for one event source")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--trouble", choices=TROUBLES, required=True)
    parser.add_argument("--source-id", required=True)
    given = parser.parse_args()
    asyncio.run(serve(TroubledSink(given.latency_ms / 1_000, given.trouble, given.source_id)))
