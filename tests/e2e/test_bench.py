"""The benchmark runs, and its sink judges right. Nothing here is about time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

LONG = "x" * 100_000


class Sink:
    """The sink's process, and a connection to it that is kept."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(url.removeprefix("http://"))

    def post(self, body: dict[str, Any]) -> int:
        """The code of the answer."""
        self.connection.request("POST", "/open_api/v1.3/event/track/", json.dumps(body))
        code: int = json.load(self.connection.getresponse())["code"]
        return code

    def get(self, path: str) -> Any:
        """One of its figures."""
        self.connection.request("GET", path)
        return json.load(self.connection.getresponse())


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A sink on a port that the system chooses."""
    command = [sys.executable, "-m", "bench.lab.sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = Sink(process.stdout.readline().strip().removeprefix("READY "))
        yield found
        found.connection.close()
        process.terminate()


def request_of(*events: dict[str, Any]) -> dict[str, Any]:
    """A request of one pixel."""
    return {"event_source": "web", "event_source_id": "C0PIXEL", "data": list(events)}


def event(event_id: str, **more: Any) -> dict[str, Any]:
    """An event of this id."""
    return {"event": "Purchase", "event_id": event_id, **more}


def test_the_sink_counts_every_event_and_tells_repeats(sink: Sink) -> None:
    """An event is known by source id, name and event id, in whichever request it comes."""
    codes = [
        sink.post(request_of(event("a"), event("b"))),
        sink.post(request_of(event("b"), event("b", event="Search"))),
        sink.post(request_of(event("c")) | {"event_source_id": "C0OTHER"}),
    ]

    figures = sink.get("/count")

    assert codes == [0, 0, 0]
    assert figures["requests"] == 3
    assert figures["events"] == 5
    assert figures["distinct"] == 4


def test_the_sink_takes_a_request_that_comes_in_many_pieces(sink: Sink) -> None:
    """A body larger than what one read brings is whole before it counts."""
    sink.post(request_of(*(event(f"{number}", description=LONG) for number in range(12))))

    assert sink.get("/progress")["events"] == 12
    assert sink.get("/count")["distinct"] == 12


def test_the_name_of_the_mark_in_a_text_is_no_event(sink: Sink) -> None:
    """What counts is the key, not the word in somebody's text."""
    sink.post(request_of(event("a", description='"event_id"')))

    assert sink.get("/progress")["events"] == 1


def test_the_sink_reads_the_older_forms_of_a_request(sink: Sink) -> None:
    """An event alone, and a batch beside its pixel code."""
    sink.post({"pixel_code": "C0PIXEL", **event("a")})
    sink.post({"pixel_code": "C0PIXEL", "batch": [event("a"), event("b")]})

    figures = sink.get("/count")

    assert (figures["events"], figures["distinct"]) == (3, 2)


def test_the_comparison_runs_and_nothing_is_lost(tmp_path: Path) -> None:
    """A tiny run of the designs that need no other environment; its figures are not looked at."""
    command = [sys.executable, "-m", "bench.end_to_end", "--json", "--rounds", "1"]
    options = ["--only", "naive,track,track_many,without-celery", "--scale", "0.002"]
    sections = ["--section", "throughput", "--section", "memory", "--section", "latency"]

    done = subprocess.run(
        [*command, *options, *sections, "--results", str(tmp_path)],
        stdout=subprocess.PIPE,
        check=True,
    )

    result = json.loads(done.stdout)
    names = ["naive", "track()", "track_many()", "without-celery"]
    for section in ("throughput", "memory", "latency"):
        assert [each["design"] for each in result[section]] == names
    assert [each["median"]["lost"] for each in result["throughput"]] == [0, 0, 0, 0]
    assert [each["lost"] for each in result["latency"]] == [0, 0, 0, 0]
    assert len(list(tmp_path.glob("*-end-to-end.json"))) == 1
