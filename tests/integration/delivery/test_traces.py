"""Deliveries as a collector of OpenTelemetry's is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import ANY

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from redis import Redis

from tests.builders.canaries import CANARIES, EMAIL, EXTERNAL_ID, PHONE
from tests.builders.delivery import deliver_once
from tests.builders.span_sink import SpanSink, attributes_of
from tests.builders.stores import keys
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from tiktok_events.outbox.append import append_call
from tiktok_events.outbox.blocks import CLOSED, Block
from tiktok_events.outbox.lua_script import ScriptText
from tiktok_events_sandbox import Sandbox
from worker.reporting.tracing import MOST_LINKS, tracers, why_untraced
from worker.runtime.check import Outcome
from worker.runtime.preflight import tracing
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
TOKEN = "a-secret-token"
USER = {"email": EMAIL, "phone": PHONE, "external_id": EXTERNAL_ID}
EVENT: Any = {"event": "Lead", "user": USER, "page": {"url": "https://shop.example/?e=jo"}}

Deliver = Callable[[], None]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The simulated API."""
    with Sandbox() as one:
        yield one


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpanSink]:
    """One that the environment names."""
    with SpanSink() as one:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", one.url)
        yield one


@pytest.fixture
def deliver(redis: Redis, redis_url: str, sandbox: Sandbox, collector: SpanSink) -> Deliver:
    """Deliver once, in a process that ends then."""
    settings = Settings.load({}, redis_url=redis_url, api_url=sandbox.url, access_token=TOKEN)

    def once() -> None:
        (tracer,) = tracers()
        deliver_once(redis, settings, PIXEL, [tracer])
        tracer.close()

    return once


def append(redis: Redis, marks: list[bytes]) -> None:
    """Blocks of one event each, by whoever writes these marks."""
    script = ScriptText.read("tiktok_events.outbox", "append")
    body = (
        b'[{"event":"Lead","event_id":"e%d","event_time":%d,"page":{"url":"https://a.example/"}}]'
    )
    now = int(redis.time()[0])
    blocks = [
        Block(PIXEL.key, 1, body % (number, now), mark, {"Lead": 1})  # type: ignore[arg-type]
        for number, mark in enumerate(marks)
    ]
    keys_, args = append_call(keys, blocks, linger_ms=0, rings=False)
    redis.eval(script.text, len(keys_), *keys_, *args)


def context(number: int) -> bytes:
    """The mark of a block whose trace has this number."""
    return f"{CLOSED};00-{number:032x}-{number:016x}-01".encode()


def test_a_request_is_a_span_that_tells_of_nobody(
    redis: Redis, redis_url: str, deliver: Deliver, collector: SpanSink
) -> None:
    """By the conventions for messaging; no value of an event, no token, no address."""
    with Client(redis_url, event_source_id="C0PIXEL", linger_ms=0) as client:
        client.track(EVENT | {"event_id": "order-1042"})
    deliver()
    (span,) = collector.spans()
    assert (span.name, span.kind) == ("deliver web", Span.SPAN_KIND_CONSUMER)
    assert attributes_of(span) == {
        "messaging.system": "redis",
        "messaging.operation.name": "deliver",
        "messaging.operation.type": "process",
        "messaging.destination.name": "web:C0PIXEL",
        "messaging.batch.message_count": 1,
        "messaging.message.body.size": ANY,
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "tiktok_events.verdict": "delivered",
        "tiktok_events.code": 0,
        "tiktok_events.request_id": ANY,
    }
    for secret in (*CANARIES, TOKEN, "order-1042", "shop.example", "Lead", "open_api"):
        assert secret.encode() not in b"".join(collector.bodies)


def test_a_batch_links_to_those_who_handed_its_events_over(
    redis: Redis, deliver: Deliver, collector: SpanSink
) -> None:
    """Once each, and to at most 128 of them."""
    append(redis, [context(1), context(1), *map(context, range(1, 200))])
    deliver()
    (batch,) = collector.spans()
    linked = [int.from_bytes(link.trace_id) for link in batch.links]
    assert linked == list(range(1, MOST_LINKS + 1))
    assert [int.from_bytes(link.span_id) for link in batch.links] == linked


@pytest.mark.parametrize(
    "mark",
    [
        b"1;00-zz-1-01",
        b"1;\xff\xfe=\x00",
        b"1;" * 10_000,
        b"7",
        b"1;00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01",
    ],
)
def test_foreign_junk_in_a_mark_breaks_no_block(
    redis: Redis, deliver: Deliver, collector: SpanSink, mark: bytes
) -> None:
    """It is delivered with the others, without a link."""
    append(redis, [mark, context(7)])
    deliver()
    (batch,) = collector.spans()
    assert attributes_of(batch)["messaging.batch.message_count"] == 2
    assert [int.from_bytes(link.trace_id) for link in batch.links] == [7]


def test_a_failed_attempt_is_an_error_and_the_next_links_again(
    redis: Redis, deliver: Deliver, collector: SpanSink, sandbox: Sandbox
) -> None:
    """A block that is due again keeps its mark."""
    append(redis, [context(7)])
    rule = {"kind": "answer", "code": 50002, "message": f"no luck, {EMAIL}"}
    sandbox.rule(rule, match={"times": 1})
    deliver()
    redis.hdel(keys.state(PIXEL.key), "not_before")
    deliver()
    failed, fine = collector.spans()
    assert attributes_of(failed)["error.type"] == "transient"
    assert (failed.status.code, failed.status.message) == (Status.STATUS_CODE_ERROR, "")
    assert "error.type" not in attributes_of(fine)
    assert [len(one.links) for one in (failed, fine)] == [1, 1]
    assert EMAIL.encode() not in b"".join(collector.bodies)


def test_each_request_of_a_search_is_a_span(
    redis: Redis, redis_url: str, deliver: Deliver, collector: SpanSink, sandbox: Sandbox
) -> None:
    """A refused one is an error, though it says that the destination is healthy."""
    sandbox.rule({"kind": "refuse"}, match={"event_id_prefix": "poison"})
    with Client(redis_url, event_source_id="C0PIXEL", linger_ms=0) as client:
        client.track_many(EVENT | {"event_id": one} for one in ("a", "poison", "b", "c"))
    deliver()
    found = [attributes_of(span).get("error.type") for span in collector.spans()]
    assert len(found) > 2
    assert set(found) == {None, "rejected"}


def test_the_standard_variables_are_heeded(
    redis: Redis, deliver: Deliver, collector: SpanSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name, resource and sampler."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "conversions")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging")
    append(redis, [context(1)])
    deliver()
    (resource,) = collector.resources()
    assert resource["service.name"] == "conversions"
    assert resource["deployment.environment.name"] == "staging"
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    append(redis, [context(1)])
    deliver()
    assert len(collector.spans()) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")]
)
@pytest.mark.usefixtures("collector")
def test_they_turn_it_off(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Then a worker delivers without a word of it."""
    (tracer,) = tracers()
    tracer.close()
    monkeypatch.setenv(name, value)
    assert (tracers(), why_untraced()) == ([], None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "99999"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "x"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-1"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ],
)
@pytest.mark.usefixtures("collector")
def test_a_value_that_is_refused_turns_it_off_too(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A process that delivers does not fail for it; `doctor` and the worker's start say why."""
    monkeypatch.setenv(name, value)
    assert tracers() == []
    check = tracing()
    assert (check.name, check.outcome) == ("tracing", Outcome.WARNING)
    assert name.removeprefix("OTEL_BSP_").lower() in check.message.lower()


def test_doctor_says_where_there_is_nothing_wrong(collector: SpanSink) -> None:
    """A collector is not asked for it."""
    assert (tracing().outcome, collector.bodies) == (Outcome.OK, [])
