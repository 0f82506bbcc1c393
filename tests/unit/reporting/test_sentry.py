"""What reaches Sentry: the cause and the place, once an hour, and nobody's data."""

from __future__ import annotations

import logging
import os

import pytest
import sentry_sdk
from celery import Celery

from tests.builders.canaries import EMAIL, EXTERNAL_ID, NAME, PHONE, PLANTED, TOKEN
from tests.builders.clock import Clock
from tests.builders.sentry import DESTINATION, REVOKED, Collector
from tiktok_events.errors import InvalidSetting, OutboxUnavailable
from worker.attempts.verdict import Answer, Verdict
from worker.reporting.scrubber import MAX_REMEMBERED, WITHHELD, Limiter
from worker.reporting.sentry import (
    SILENCE_S,
    init_sentry,
    report_alert,
    report_answer,
    report_failure,
)
from worker.settings import Settings


def failing() -> None:
    """Fail as code does that handles an event: with its values at hand."""
    planted = {"email": EMAIL, "phone": PHONE, "name": NAME, "id": EXTERNAL_ID, "token": TOKEN}
    try:
        planted[EXTERNAL_ID]
    except KeyError as error:
        raise RuntimeError(f"cannot handle {planted}") from error


def failure() -> BaseException:
    """An exception of `failing`."""
    with pytest.raises(RuntimeError) as caught:
        failing()
    return caught.value


def test_without_a_dsn_nothing_is_set_up() -> None:
    """Sentry is optional, and silent calls cost nothing."""
    assert init_sentry(Settings()) is False
    report_answer(DESTINATION, REVOKED)
    report_failure(DESTINATION, failure())
    assert sentry_sdk.is_initialized() is False


def test_a_dsn_that_is_none_stops_the_start_without_showing_it() -> None:
    """The sentence says what is allowed; the value may hold a key."""
    with pytest.raises(InvalidSetting) as refused:
        init_sentry(Settings(sentry_dsn="https://sentry.invalid/secret"))
    expected = "TIKTOK_EVENTS_SENTRY_DSN must look like https://key@host/project"
    assert str(refused.value) == expected


def test_an_answer_is_grouped_by_verdict_and_code(sentry: Collector) -> None:
    """One group for a cause; the destination is a tag of it."""
    report_answer(DESTINATION, REVOKED)
    event = sentry.event()
    assert event["fingerprint"] == ["tiktok-events", "credential", "40105"]
    assert event["tags"] == {
        "verdict": "credential",
        "code": "40105",
        "destination": DESTINATION,
    }
    assert event["message"] == "credential 40105: Access token has been revoked."
    assert event["level"] == "error"


def test_an_answer_is_reported_with_what_support_asks_for(sentry: Collector) -> None:
    """TikTok's support wants the request id."""
    answer = Answer(
        Verdict.UNCLEAR, code=20001, message="Partial success.", request_id="R1", http_status=200
    )
    report_answer(DESTINATION, answer)
    assert sentry.event()["contexts"]["answer"] == {"request_id": "R1", "http_status": 200}


@pytest.mark.parametrize("verdict", Verdict)
def test_only_verdicts_that_need_a_person_are_reported(sentry: Collector, verdict: Verdict) -> None:
    """What is retried, isolated or delivered is no error of the operator's."""
    report_answer(DESTINATION, Answer(verdict, code=1))
    needs_a_person = verdict in {Verdict.CREDENTIAL, Verdict.CONFIGURATION, Verdict.UNCLEAR}
    assert len(sentry.events()) == int(needs_a_person)


def test_the_same_answer_is_reported_once_an_hour(sentry: Collector, clock: Clock) -> None:
    """A parked destination is probed for ever; a batch is no news."""
    counts = []
    for passed in (0.0, 1.0, SILENCE_S - 2, 1.0, 1.0):
        clock.now += passed
        report_answer(DESTINATION, REVOKED)
        counts.append(len(sentry.events()))
    assert counts == [1, 1, 1, 2, 2]


def test_other_destinations_codes_and_verdicts_are_reported_at_once(sentry: Collector) -> None:
    """The silence is that of one cause at one destination."""
    for destination in (DESTINATION, "web:C1"):
        for code in (40105, 40102):
            for verdict in (Verdict.CREDENTIAL, Verdict.CONFIGURATION):
                report_answer(destination, Answer(verdict, code=code))
                report_answer(destination, Answer(verdict, code=code))
    assert len(sentry.events()) == 8


def test_the_same_failure_is_reported_once_an_hour(sentry: Collector, clock: Clock) -> None:
    """One place that fails for every batch is one report."""
    for _ in range(3):
        report_failure(DESTINATION, failure())
    clock.now += SILENCE_S
    report_failure(DESTINATION, failure())
    assert len(sentry.events()) == 2


def test_a_failure_is_its_types_and_places(sentry: Collector) -> None:
    """Causes first; files from their package down; the texts withheld."""
    report_failure(DESTINATION, failure())
    event = sentry.event()
    cause, raised = event["exception"]["values"]
    assert (cause["type"], raised["type"]) == ("KeyError", "RuntimeError")
    assert (cause["value"], raised["value"]) == (WITHHELD, WITHHELD)
    assert {*raised["stacktrace"]["frames"][-1]} == {
        "filename",
        "lineno",
        "function",
        "module",
        "in_app",
    }
    assert raised["stacktrace"]["frames"][-1]["function"] == "failing"
    assert event["tags"] == {"destination": DESTINATION}


def test_a_failure_of_ours_says_what_is_wrong(sentry: Collector) -> None:
    """Our own errors hold no value of an event, and what they quote is redacted."""
    report_failure(DESTINATION, OutboxUnavailable(f"the outbox could not be reached: {EMAIL}"))
    (value,) = sentry.event()["exception"]["values"]
    assert value["value"] == "the outbox could not be reached: [e-mail]"


def test_no_planted_value_of_a_failure_is_sent(sentry: Collector) -> None:
    """Not its text, not its causes', not the variables and source lines of its frames."""
    report_failure(DESTINATION, failure())
    assert (len(sentry.events()), sentry.leaks()) == (1, [])


def test_no_planted_value_of_a_scope_is_sent(sentry: Collector) -> None:
    """Whatever else is attached to an event is left out of it."""
    with sentry_sdk.new_scope() as scope:
        scope.set_user({"email": EMAIL, "id": EXTERNAL_ID})
        scope.set_extra("event", PLANTED)
        scope.set_tag("name", NAME)
        scope.set_context("event", {"phone": PHONE})
        scope.add_breadcrumb(message=PLANTED)
        report_failure(DESTINATION, failure())
        report_answer(DESTINATION, REVOKED)
    assert (len(sentry.envelopes), sentry.leaks()) == (2, [])


def test_no_planted_value_of_an_answer_is_sent(sentry: Collector) -> None:
    """The API may quote what it refuses."""
    answer = Answer(
        Verdict.UNCLEAR,
        code=20001,
        message=f"refused {EMAIL}, {PHONE}, {TOKEN}, first_name: '{NAME}'",
        data={"external_id": EXTERNAL_ID},
    )
    report_answer(DESTINATION, answer)
    assert (len(sentry.events()), sentry.leaks()) == (1, [])


def test_a_failed_task_is_reported_without_its_arguments(sentry: Collector) -> None:
    """The Celery integration sees every argument of a task, and its id may be anyone's."""
    app = Celery("canary", set_as_current=False)

    @app.task(name="tiktok_events.canary")
    def canary(event: dict[str, str]) -> None:
        raise ValueError(f"cannot handle {event}")

    canary.apply(args=({"email": EMAIL, "name": NAME},), task_id=EXTERNAL_ID)
    event = sentry.event()
    assert event["transaction"] == "tiktok_events.canary"
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert sentry.leaks() == []


def test_nothing_but_listed_parts_is_sent(sentry: Collector) -> None:
    """A part that a later SDK adds does not slip in."""
    report_failure(DESTINATION, failure())
    assert sentry.event().keys() <= {
        *("event_id", "timestamp", "level", "platform", "sdk", "release", "environment"),
        *("server_name", "transaction", "fingerprint", "modules"),
        *("tags", "contexts", "exception", "message"),
    }


def test_a_logged_error_is_not_reported_a_second_time(sentry: Collector) -> None:
    """The log line and the report of a failure are written side by side."""
    logging.getLogger("tiktok_events.drain").error("delivery_failed", exc_info=failure())
    assert sentry.events() == []


def test_a_forked_child_reports(sentry: Collector) -> None:
    """Set up before the fork, it works after it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            report_answer(DESTINATION, REVOKED)
            os.write(writer, sentry.wire().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        written = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert b"credential 40105" in written


def test_the_limiter_forgets_the_oldest(clock: Clock) -> None:
    """Ten thousand destinations do not grow its memory."""
    limiter = Limiter(SILENCE_S, clock)
    assert all(limiter.allows(key) for key in range(MAX_REMEMBERED + 1))
    assert [limiter.allows(MAX_REMEMBERED), limiter.allows(0)] == [False, True]


def test_every_incident_is_reported_once(sentry: Collector, clock: Clock) -> None:
    """Two of one alert within the hour are two events of one group."""
    for since in (1_000.25, 1_000.25, 2_000.5):
        report_alert("dead_per_minute", f"12 events died in a minute, {EMAIL} too", since)
        clock.now += 1
    first, second = sentry.events()
    assert [one["tags"]["incident"] for one in (first, second)] == ["1000.250", "2000.500"]
    assert (
        first["fingerprint"]
        == second["fingerprint"]
        == [
            "tiktok-events",
            "alert",
            "dead_per_minute",
        ]
    )
    assert first["message"] == "12 events died in a minute, [e-mail] too"
    assert sentry.leaks() == []
