"""A server in the place of an OpenTelemetry collector."""

from __future__ import annotations

import gzip
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.builders.loopback_server import Handler, LoopbackServer


class _Handler(Handler):
    def answer(self, body: bytes) -> None:
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server_of_test.bodies.append(gzip.decompress(body) if packed else body)
        self.respond(200, b"")


class SpanSink(LoopbackServer):
    """What a collector would receive.

    Attributes:
        bodies: of all requests, unpacked.
    """

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        """For `OTEL_EXPORTER_OTLP_ENDPOINT`."""
        return f"http://127.0.0.1:{self.port}"

    def resources(self) -> list[dict[str, Any]]:
        """The attributes of every process that has sent spans."""
        return [_attributes(found.resource) for found in self._groups()]

    def spans(self) -> list[Any]:
        """All spans."""
        return [
            span for group in self._groups() for scope in group.scope_spans for span in scope.spans
        ]

    def _groups(self) -> list[Any]:
        found: list[Any] = []
        for body in self.bodies:
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            found += request.resource_spans
        return found


def attributes_of(span: Any) -> dict[str, Any]:
    """What a span says."""
    return _attributes(span)


def _attributes(place: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in place.attributes}
