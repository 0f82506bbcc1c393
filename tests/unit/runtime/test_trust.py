"""Who verifies nothing is told so: by `doctor`, and by the worker's log."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from worker.runtime.check import Outcome
from worker.runtime.preflight import trust
from worker.runtime.trust import say_what_is_believed_unseen
from worker.settings import Settings

REDIS, BROKER = "TIKTOK_EVENTS_REDIS_URL", "TIKTOK_EVENTS_BROKER_URL"
LAX = "rediss://h?ssl_cert_reqs=none"
NAMELESS = "rediss+sentinel://h/outbox?ssl_check_hostname=false"


@pytest.mark.parametrize(
    ("redis_url", "broker_url", "told"),
    [
        ("redis://h", None, []),
        ("rediss://h", "rediss+sentinel://h/outbox", []),
        (LAX, None, [(REDIS, "ssl_cert_reqs=none")]),
        ("rediss+cluster://h", LAX, [(BROKER, "ssl_cert_reqs=none")]),
        (NAMELESS, LAX, [(REDIS, "ssl_check_hostname=false"), (BROKER, "ssl_cert_reqs=none")]),
    ],
)
def test_each_address_that_verifies_too_little_is_told(
    redis_url: str, broker_url: str | None, told: list[tuple[str, str]]
) -> None:
    """By name, with the option that does it."""
    settings = Settings.load({}, redis_url=redis_url, broker_url=broker_url)
    with capture_logs() as lines:
        say_what_is_believed_unseen(settings)
    assert told == [(line["setting"], line["reason"]) for line in lines]
    checks = list(trust(settings))
    assert [Outcome.WARNING] * len(told) == [check.outcome for check in checks]
    assert all(
        words in check.message for check, pair in zip(checks, told, strict=True) for words in pair
    )
