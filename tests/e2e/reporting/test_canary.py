"""Planted personal data, looked for wherever a worker leaves something behind.

The places: the requests, Redis' append-only file, the dead letters, the log, Sentry.
The API and the producers of this run misbehave, because errors are where values leak.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from celery import Celery
from redis import Redis

from tests.builders.sentry_sink import SentrySink
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tests.builders.workers import Workers
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.local.embedded import EmbeddedServer

WORKING: Final = "C0CANARY0WORKING0000"
REVOKED: Final = "C0CANARY0REVOKED0000"
UNCLEAR: Final = "C0CANARY0UNCLEAR0000"
POISON: Final = "poison"
INVALID: Final = 10
REFUSED: Final = 1
EXHAUSTED: Final = 5
BROKEN_MESSAGES: Final = 2
BROKEN_LETTERS: Final = 2
"""What becomes of them; what asks for another task of ours is a bell, and carries no event."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist.

    Attributes:
        number: makes the values unique.
        producer: a word for the way the event takes.
    """

    number: int
    producer: str

    @property
    def user(self) -> dict[str, Any]:
        """Raw match keys, as an application has them."""
        return {
            "email": f" Canary.{self.producer}{self.number}@Personal-Canary.example ",
            "phone": f"+49 1512 {self.number:07d}",
            "external_id": f"Canary-Customer-{self.producer}-{self.number:04d}",
            "first_name": f"Canaria{self.producer}{self.number:04d}",
            "last_name": f"Lovelacia{self.producer}{self.number:04d}",
        }

    @property
    def email_digest(self) -> str:
        """What may be seen of the address."""
        return sha256(self.user["email"].strip().lower().encode()).hexdigest()

    def traces(self) -> Iterator[bytes]:
        """Every form of a value that must not be seen, in lower case."""
        for value in self.user.values():
            yield value.strip().lower().encode()
        yield self.user["email"].strip().lower().replace("@", "%40").encode()
        yield f"491512{self.number:07d}".encode()


def event_of(person: Person, source_id: str, **changes: Any) -> dict[str, Any]:
    """A conversion of a person."""
    return {
        "event": "Purchase",
        "event_id": f"{person.producer}-{person.number}",
        "event_source_id": source_id,
        "user": person.user,
        "properties": {"value": 59.98, "currency": "EUR"},
        "page": {"url": "https://shop.example/thanks"},
        **changes,
    }


def leaks(people: list[Person], places: dict[str, bytes]) -> dict[str, list[bytes]]:
    """The places that hold a trace, with the traces."""
    lowered = {name: place.lower() for name, place in places.items()}
    traces = [trace for person in people for trace in person.traces()]
    found = {name: [t for t in traces if t in place] for name, place in lowered.items()}
    return {name: those for name, those in found.items() if those}


@pytest.fixture
def sentry() -> Iterator[SentrySink]:
    """The sink of this test."""
    with SentrySink() as sink:
        yield sink


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server whose append-only file holds this test and nothing else."""
    with EmbeddedServer(tmp_path / "redis") as embedded:
        yield embedded


@pytest.fixture
def worker(
    own_server: EmbeddedServer, sentry: SentrySink, fake_api: Any, tmp_path: Path
) -> Iterator[Any]:
    """A worker that logs all it can, before an API that quotes what it was never told."""
    everyone = ", ".join(str(Person(number, "Client").user["email"]) for number in range(3))
    fake_api.answers = {
        WORKING: Moody(everyone),
        REVOKED: lambda _: refusal(40105, f"The token of {everyone} has been revoked."),
        UNCLEAR: lambda _: refusal(20001, f"Partial success, but for {everyone}."),
    }
    settings = {"RETRY_BASE_S": "0.01", "RETRY_CAP_S": "0.05", "LOG_LEVEL": "debug"}
    urls = {"REDIS_URL": own_server.url, "API_URL": fake_api.url, "SENTRY_DSN": sentry.dsn}
    with Workers(tmp_path, closes=True, **urls, **settings) as workers:
        yield workers.start()


class Moody:
    """Times out twice, then refuses every request with the marked event.

    Args:
        quoted: what its refusals quote.
    """

    def __init__(self, quoted: str) -> None:
        self._quoted = quoted
        self._answered = 0

    def __call__(self, request: Any) -> Any:
        """Answer a request."""
        self._answered += 1
        if self._answered <= 2:
            return refusal(50002, "Internal service timed out. Please retry in sometime.")
        if POISON in request.ids:
            return refusal(40002, f"Parameter error: {self._quoted}")
        return refusal(0, "OK")


def refusal(code: int, message: str) -> Any:
    """An answer in the API's envelope."""
    return 200, {}, {"code": code, "message": message, "request_id": "R", "data": {}}


def letters_of(server: EmbeddedServer) -> list[DeadLetter]:
    """All dead letters."""
    with Redis.from_url(server.url, protocol=2) as redis:
        return list(DeadLetters(store_of(redis)))


def places(
    worker: Any, sentry: SentrySink, fake_api: Any, server: EmbeddedServer
) -> dict[str, bytes]:
    """Name of a place → everything that stands there."""
    return {
        "requests": b"".join(
            request.body + str(request.headers).encode() for request in fake_api.requests()
        ),
        "log": worker.log().encode(),
        "Sentry": sentry.received(),
        "dead letters": "".join(letter.write() for letter in letters_of(server)).encode(),
    }


def append_only_bytes(server: EmbeddedServer) -> bytes:
    """Everything that was ever written to the server."""
    path = server.append_only_path
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return b"".join(file.read_bytes() for file in files)


def sentry_titles(sentry: SentrySink) -> set[str]:
    """Tag of the verdict, or type of the exception, of each event."""
    return {
        event["tags"].get("verdict") or event["exception"]["values"][-1]["type"]
        for event in sentry.events()
    }


def client_events(people: list[Person]) -> list[dict[str, Any]]:
    """Some that cannot be delivered, each in its own way; the others can."""
    them = iter(people)
    wrong = [
        *(event_of(next(them), WORKING, properties={"value": "a lot"}) for _ in range(INVALID)),
        event_of(next(them), WORKING, event_id=POISON),
        *(event_of(next(them), UNCLEAR) for _ in range(EXHAUSTED)),
        *(event_of(next(them), REVOKED) for _ in range(15)),
    ]
    return wrong + [event_of(person, WORKING) for person in them]


def test_the_client_leaves_no_personal_data_anywhere(
    worker: Any, sentry: SentrySink, own_server: EmbeddedServer, fake_api: Any
) -> None:
    """Not in Redis, requests, dead letters, log or Sentry, though everything went wrong."""
    people = [Person(number, "Client") for number in range(300)]
    with Client(own_server.url) as client:
        client.track_many(client_events(people))
    deliverable = {f"Client-{number}" for number in range(31, 300)}
    wait_until(lambda: deliverable <= set(fake_api.accepted_ids()))
    wait_until(lambda: len(letters_of(own_server)) == INVALID + REFUSED + EXHAUSTED)
    wait_until(lambda: sentry_titles(sentry) == {"credential", "unclear"})
    assert worker.terminate() == 0
    searched = places(worker, sentry, fake_api, own_server)
    searched["Redis"] = append_only_bytes(own_server)
    assert leaks(people, searched) == {}
    assert people[0].email_digest.encode() in searched["dead letters"]
    assert all(person.email_digest.encode() in searched["Redis"] for person in people)
    assert b'"event": "parked"' in searched["log"]
    assert b"Traceback" not in searched["log"]


def test_a_celery_producer_leaves_no_personal_data_behind_its_broker(
    worker: Any, sentry: SentrySink, own_server: EmbeddedServer, fake_api: Any
) -> None:
    """Raw in the broker until it is read; nowhere after that, failed tasks included."""
    people = [Person(number, "Celery") for number in range(50)]
    good, broken = people[BROKEN_MESSAGES:], people[:BROKEN_MESSAGES]
    with Celery("shop", broker=own_server.url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": "tiktok_events:celery:"}
        send_broken_messages(app, *broken)
        for person in good:
            send(app, "tiktok_events.track", event_of(person, WORKING))
    wait_until(lambda: {f"Celery-{person.number}" for person in good} <= {*fake_api.accepted_ids()})
    wait_until(lambda: len(letters_of(own_server)) == BROKEN_LETTERS)
    assert worker.terminate() == 0
    searched = places(worker, sentry, fake_api, own_server)
    assert leaks(people, searched) == {}
    assert good[0].email_digest.encode() in searched["requests"]


def send_broken_messages(app: Celery, one: Person, other: Person) -> None:
    """Whose errors quote them: an argument that is not known, a task that is not."""
    for task in ("tiktok_events.track", "tiktok_events.deliver"):
        send(app, task, {}, **{one.user["email"]: one.user})
    send(app, "tiktok_events.canary", event_of(other, WORKING))


def send(app: Celery, task: str, event: Any, **kwargs: Any) -> None:
    """Send as any Celery application does."""
    app.send_task(task, args=[event], kwargs=kwargs, queue="tiktok_events", ignore_result=True)
