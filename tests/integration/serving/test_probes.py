"""What machines are answered, from a real server: figures, scale, and whether it is ready."""

from __future__ import annotations

import orjson
import pytest
import requests
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.letters import bury
from tests.builders.nowhere import nowhere
from tests.builders.serving import Serving, Visitor, site
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tiktok_events import Client
from worker.outbox.parking import Parking
from worker.reporting.figures.totals import MOST_NAMED, OTHER
from worker.runtime.presence import Presence
from worker.serving.app import create_app
from worker.serving.site import Site

OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}


def looked(redis: Redis, looks: int = 1) -> tuple[Site, Visitor]:
    """A site that has looked, and who asks it."""
    here = site(redis)
    for _ in range(looks):
        here.watch.look()
    return here, Visitor(create_app(here))


def parsed(text: str) -> list[Metric]:
    """What a text in OpenMetrics says."""
    return list(openmetrics(text))  # type: ignore[no-untyped-call]  # its authors gave no types


def samples(visitor: Visitor) -> dict[tuple[str, str], float]:
    """Every sample by its name and the value of its label."""
    text = visitor.get("/metrics", headers=OPENMETRICS).text
    return {
        (sample.name.removeprefix("tiktok_events_"), "".join(sample.labels.values())): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


@pytest.fixture
def busy(redis: Redis, redis_url: str) -> None:
    """Events at three pixels, one of which is parked, and dead letters."""
    for source_id, count in (("C0ONE", 250), ("C0TWO", 3), ("C0PARKED", 40)):
        with Client(redis_url, event_source_id=source_id, linger_ms=0) as client:
            client.track_many([{"event": "Purchase"}] * count)
    Parking(store_of(redis)).park("web:C0PARKED")
    bury(redis)
    bury(redis)


@pytest.mark.usefixtures("busy")
def test_metrics_say_what_status_said(redis: Redis) -> None:
    """Of the moment that both name."""
    _, visitor = looked(redis)
    found, status = samples(visitor), visitor.get("/status").json()
    assert found["snapshot_timestamp_seconds", ""] == status["at"]
    assert found["accepted_total", ""] == status["accepted"] == 293 + 2
    assert found["dead_letters", ""] == status["dead"] == 2
    assert found["unaccounted", ""] == status["unaccounted"] == 0
    assert {label: n for (name, label), n in found.items() if name == "dead_total" and n} == (
        status["buried"]
    )
    assert {label: n for (name, label), n in found.items() if name == "destination_waiting"} == {
        one["destination"]: one["waiting"] for one in status["destinations"]
    }
    assert found["destinations", "parked"] == found["destination_parked", "web:C0PARKED"] == 1


@pytest.mark.usefixtures("busy")
def test_status_is_that_of_the_command(redis: Redis, redis_url: str) -> None:
    """But for the moment."""
    _, visitor = looked(redis)
    told = tiktok_events("status", "--json", REDIS_URL=redis_url).stdout
    assert {**visitor.get("/status").json(), "at": 0} == {**orjson.loads(told), "at": 0}


@pytest.mark.usefixtures("busy")
def test_both_formats_say_the_same(redis: Redis) -> None:
    """Each is read by the parser of its own format."""
    _, visitor = looked(redis)
    answers = [visitor.get("/metrics"), visitor.get("/metrics", headers=OPENMETRICS)]
    assert [answer.headers["content-type"].split(";")[0] for answer in answers] == [
        "text/plain",
        "application/openmetrics-text",
    ]
    families = [list(prometheus(answers[0].text)), parsed(answers[1].text)]
    plain, other = (
        {one.name.removesuffix("_total"): len(one.samples) for one in some} for some in families
    )
    assert plain == other


def test_two_hundred_destinations_have_names(redis: Redis, redis_url: str) -> None:
    """All others are one, and no event is left out; whoever had a name keeps it."""
    with Client(redis_url) as client:
        client.track_many(
            [{"event": "Lead", "event_source_id": f"C0{n:04}"} for n in range(MOST_NAMED + 50)]
        )
    here, visitor = looked(redis)
    first = {
        label: n for (name, label), n in samples(visitor).items() if name == "destination_waiting"
    }
    assert len(first) == MOST_NAMED + 1
    assert first[OTHER] == 50
    with Client(redis_url, event_source_id="C00249") as client:
        client.track_many([{"event": "Lead"}] * 9)
    here.watch.look()
    then = {
        label: n for (name, label), n in samples(visitor).items() if name == "destination_waiting"
    }
    assert (first.keys(), then[OTHER]) == (then.keys(), 59)


@pytest.mark.usefixtures("busy")
def test_only_what_a_worker_could_take_wants_workers(redis: Redis) -> None:
    """Forty events are parked; the others are due, for no worker has taken them in two looks."""
    Presence(store_of(redis)).say()
    _, visitor = looked(redis, looks=2)
    found = visitor.get("/scale").json()
    assert found["workers_wanted"] == 1
    assert found["workers"] == 1
    assert found["due"]["events"] == 253
    assert found["not_counted"] == {"parked": 40, "waiting_for_api": 0}


def statuses(url: str) -> dict[str, int]:
    """What each path answers."""
    paths = ("live", "ready", "scale", "status", "metrics")
    return {path: requests.get(f"{url}/{path}", timeout=10).status_code for path in paths}


def test_it_is_ready_once_it_has_looked(redis_url: str) -> None:
    """And then has everything to show."""
    with Serving(REDIS_URL=redis_url) as serving:
        wait_until(lambda: statuses(serving.url)["ready"] == 200)
        assert set(statuses(serving.url).values()) == {200}
        text = requests.get(f"{serving.url}/metrics", timeout=10).text
    assert "tiktok_events_redis_up 1.0" in text


def test_without_redis_it_lives_but_is_not_ready() -> None:
    """Nobody restarts it for that; metrics say so, and nothing else."""
    with Serving(REDIS_URL=nowhere()) as blind:
        found = statuses(blind.url)
        text = requests.get(f"{blind.url}/metrics", timeout=10).text
    assert found == {"live": 200, "ready": 503, "scale": 503, "status": 503, "metrics": 200}
    assert "tiktok_events_redis_up 0.0" in text
    assert "tiktok_events_accepted_total" not in text
