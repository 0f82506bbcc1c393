"""What other libraries log, and how little of it is heard."""

from __future__ import annotations

import logging
from decimal import Decimal

from redis.exceptions import ConnectionError as RedisConnectionError

from tests.builders.canaries import CANARIES, EMAIL, PHONE, PLANTED, TOKEN
from tests.builders.log_stream import Stream
from tests.unit.reporting.test_logging import raised


def test_a_foreign_line_keeps_its_sentence_and_loses_its_values(stream: Stream) -> None:
    """Celery fills message bodies and exceptions into its sentences."""
    foreign = logging.getLogger("celery.app.trace")
    foreign.error(
        "Task %(name)s[%(id)s] %(description)s: %(exc)s",
        {"name": "tiktok_events.track", "id": EMAIL, "description": PLANTED, "exc": PLANTED},
        exc_info=raised(ValueError(PLANTED)),
    )
    line = stream.line()
    assert line["event"] == "Task tiktok_events.track[[hidden]] [hidden]: [hidden]"
    assert (line["logger"], line["level"]) == ("celery.app.trace", "error")
    assert [word for word in CANARIES if word in stream.getvalue()] == []


def test_a_foreign_line_keeps_figures_types_and_servers(stream: Stream) -> None:
    """What an operator needs of a broken connection, without the password."""
    logging.getLogger("celery.worker.consumer").error(
        "Cannot connect to %s: %s. Again in %.1f s (%d)",
        "redis://:secret@redis.internal:6379/0",
        RedisConnectionError(PLANTED),
        2.0,
        3,
    )
    event = stream.line()["event"]
    expected = "Cannot connect to redis://redis.internal:6379: ConnectionError. Again in 2.0 s (3)"
    assert event == expected


def test_a_foreign_line_whose_blanks_do_not_fit_is_written_unfilled(stream: Stream) -> None:
    """Hiding a value must not lose the line."""
    logging.getLogger("kombu").warning("retry in %d s", Decimal(2))
    assert stream.line()["event"] == "retry in %d s"


def test_a_foreign_line_may_be_an_exception(stream: Stream) -> None:
    """Some libraries log the exception itself as the message."""
    logging.getLogger("kombu").error(ValueError(PLANTED))
    assert stream.line()["event"] == "ValueError"


def test_a_foreign_line_without_blanks_is_redacted(stream: Stream) -> None:
    """A sentence that was filled before it was logged: its patterns go."""
    logging.getLogger("urllib3").warning(f"sent {EMAIL} {PHONE} {TOKEN}")  # noqa: G004 — because that is the case
    assert stream.line()["event"] == "sent [e-mail] [number] [digest]"


def test_extra_values_and_stacks_of_a_record_are_not_written(stream: Stream) -> None:
    """Celery hands the arguments of a failed task over as `extra`."""
    logging.getLogger("celery").warning("late", extra={"data": PLANTED}, stack_info=True)
    assert stream.line().keys() == {"time", "level", "logger", "event"}


def test_libraries_are_heard_from_warnings_on(stream: Stream) -> None:
    """Their INFO is one line per task."""
    logging.getLogger("celery.worker.strategy").info("Task received")
    assert stream.getvalue() == ""
