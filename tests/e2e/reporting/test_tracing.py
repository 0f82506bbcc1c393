"""A request is linked to the calls that handed its events over, and says nothing of a person."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from tests.builders.counters import counters
from tests.builders.environment import environment
from tests.builders.fake_api import FakeApi
from tests.builders.sentry_sink import SentrySink
from tests.builders.span_sink import SpanSink, attributes_of
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tiktok_events import Client

PIXEL = "C0EXAMPLE0PIXEL0CODE"
KEY = f"web:{PIXEL}"
PERSON = {"email": "jo.traced@personal.example", "phone": "+4915112345678"}
EVENT: dict[str, Any] = {
    "event": "Lead",
    "event_id": "order-4711",
    "user": PERSON,
    "event_source_id": PIXEL,
}

BY_OPENTELEMETRY = """
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tiktok_events import Client

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
event = json.loads(sys.argv[2])
with Client(sys.argv[1]) as client:
    client.track(event)
    client.track_many([event | {"event_id": f"order-{n}"} for n in range(3)])
spans = [
    [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}", span.name, span.kind.name]
    for span in kept.get_finished_spans()
]
print(json.dumps(spans))
"""

BY_SENTRY = """
import json, sys
import sentry_sdk
from sentry_sdk.transport import Transport
from tiktok_events import Client

class Nowhere(Transport):
    def capture_envelope(self, envelope):
        kept.extend(item.payload.json for item in envelope.items)

kept = []
sentry_sdk.init("https://key@sentry.invalid/1", transport=Nowhere, traces_sample_rate=1.0)
with sentry_sdk.start_transaction(name="checkout", op="http.server") as transaction:
    with Client(sys.argv[1]) as client:
        client.track(json.loads(sys.argv[2]))
(span,) = kept[0]["spans"]
print(json.dumps([transaction.trace_id, span["span_id"], span["op"], span["data"]]))
"""


@pytest.fixture
def collector() -> Iterator[SpanSink]:
    """The collector of this test."""
    with SpanSink() as sink:
        yield sink


@pytest.fixture
def sentry() -> Iterator[SentrySink]:
    """The Sentry of this test."""
    with SentrySink() as sink:
        yield sink


def produced(program: str, redis_url: str) -> Any:
    """What a producer says of its spans."""
    done = subprocess.run(
        [sys.executable, "-c", program, redis_url, json.dumps(EVENT)],
        capture_output=True,
        text=True,
        check=True,
        env=environment({}),
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_request_is_linked_to_the_calls_of_its_producers(  # noqa: PLR0917 — because pytest names them
    collector: SpanSink,
    fake_api: FakeApi,
    start_worker: Callable[..., Worker],
    redis: Redis,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    pool: str,
) -> None:
    """By OpenTelemetry's own variables; each call of `track` and `track_many` is a span."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")  # it leaves when the worker ends
    single, many = produced(BY_OPENTELEMETRY, redis_url)
    assert [single[2:], many[2:]] == [["track web", "PRODUCER"]] * 2
    worker = start_worker(pool=pool)
    wait_until(lambda: counters(redis).get("delivered") == 4)
    assert worker.terminate() == 0

    (span,) = collector.spans()

    links = [[link.trace_id.hex(), link.span_id.hex()] for link in span.links]
    assert links == [single[:2], many[:2]]
    assert (span.name, span.kind) == ("deliver web", span.SPAN_KIND_CONSUMER)
    said = attributes_of(span)
    assert said["messaging.batch.message_count"] == 4
    assert said["messaging.destination.name"] == KEY
    assert said["http.response.status_code"] == 200
    assert said["tiktok_events.verdict"] == "delivered"
    assert collector.resources()[0]["service.name"] == "tiktok-events-worker"
    body = b"".join(collector.bodies)
    assert not [text for text in (b"jo.traced", b"12345678", b"4711") if text in body]
    assert len(fake_api.requests()) == 1


def test_sentry_shows_the_queue_of_a_producer_and_a_worker(
    sentry: SentrySink,
    start_worker: Callable[..., Worker],
    redis: Redis,
    redis_url: str,
) -> None:
    """One trace: what publishes, and what processes, with its latency."""
    trace_id, span_id, operation, data = produced(BY_SENTRY, redis_url)
    assert operation == "queue.publish"
    assert data["messaging.destination.name"] == KEY
    worker = start_worker(SENTRY_DSN=sentry.dsn, SENTRY_TRACES_SAMPLE_RATE="1")
    wait_until(lambda: counters(redis).get("delivered") == 1)
    assert worker.terminate() == 0

    lines = [json.loads(line) for line in sentry.received().splitlines() if line.startswith(b"{")]
    (found,) = [line for line in lines if line.get("start_timestamp")]

    trace = found["contexts"]["trace"]
    assert (trace["trace_id"], trace["parent_span_id"]) == (trace_id, span_id)
    assert (trace["op"], trace["data"]["messaging.message.id"]) == ("queue.process", span_id)
    assert trace["data"]["messaging.message.receive.latency"] >= 0
    assert trace["data"]["tiktok_events.verdict"] == "delivered"
    assert found["contexts"].keys() == {"trace"}
    assert not [text for text in (b"jo.traced", b"12345678", b"4711") if text in sentry.received()]


def test_a_mute_collector_holds_up_neither_delivery_nor_the_end(
    start_worker: Callable[..., Worker],
    redis: Redis,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes the connection and never answers; a worker has ten seconds to end."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        with Client(redis_url) as client:
            client.track(EVENT)
        worker = start_worker()
        wait_until(lambda: counters(redis).get("delivered") == 1)
        assert worker.terminate(within_s=10.0) == 0
