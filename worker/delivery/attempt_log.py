"""What is logged of a delivery: a line for each request, and what a person should know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tiktok_events.event.destination import Destination
from worker.attempts.verdict import Answer, Verdict
from worker.delivery.events_api import Exchange
from worker.outbox.settlement import Settled
from worker.reporting.log import Log
from worker.reporting.redaction import redacted
from worker.reporting.sentry import report_answer

log = Log("tiktok_events.delivery")


def log_attempt(
    destination: Destination, exchange: Exchange, events: int, size_bytes: int, *, failures: int
) -> None:
    """Log one line for a request; `failures` counts those in a row before it."""
    answer = exchange.answer
    fine = answer.verdict is Verdict.DELIVERED
    (log.info if fine else log.warning)(
        "attempt",
        destination=destination.key,
        verdict=answer.verdict.value,
        code=answer.code,
        http_status=answer.http_status,
        message=None if fine else redacted(answer.message),
        request_id=answer.request_id,
        events=events,
        size_bytes=size_bytes,
        duration_ms=round(exchange.duration_s * 1000),
        failures=failures,
    )


def tell(destination: Destination, answer: Answer, settled: Settled) -> None:
    """Announce what a person should know; a parking once, however many requests were refused."""
    if settled.parked:
        tell_parked(parked_notice(destination, answer))
    elif not answer.verdict.leads_to.parks:
        report_answer(destination.key, answer)
    if settled.lost:
        log.warning("claim_lost", destination=destination.key, blocks=settled.lost)


def parked_notice(destination: Destination, answer: Answer) -> dict[str, Any]:
    """What is to be told of a parking, by this worker or, if it dies, by another."""
    return {
        "destination": destination.key,
        "verdict": answer.verdict.value,
        "code": answer.code,
        "message": redacted(answer.message),
        "request_id": answer.request_id,
        "http_status": answer.http_status,
    }


def tell_parked(notice: Mapping[str, Any]) -> None:
    """One line and one report that a destination waits for a person; see `parked_notice`."""
    known = dict(notice)
    destination = known.pop("destination")
    answer = Answer(**{**known, "verdict": Verdict(known["verdict"])})
    log.error(
        "parked",
        destination=destination,
        verdict=answer.verdict.value,
        code=answer.code,
        message=answer.message,
        request_id=answer.request_id,
        resume=f"tiktok-events destinations resume {destination}",
    )
    report_answer(destination, answer)
