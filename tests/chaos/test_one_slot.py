"""Every script of the outbox declares keys of one slot: a cluster would refuse any other."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis
from redis.exceptions import ClusterCrossSlotError

from tests.builders import letters
from tests.builders.stores import keys, store_of
from tests.chaos.cluster import Cluster
from tests.chaos.node import wait_until
from tiktok_events import Client
from tiktok_events.connection import primary
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.outbox.lua_script import ScriptText
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.delivery.expiry import Sweep
from worker.files.progress import _APPEND, SendProgress
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.importing import LetterImport
from worker.letters.record import read_letter
from worker.letters.search import BEGINNING
from worker.operations.alerts.figures import dead_per_minute, oldest_waiting_s
from worker.operations.alerts.judge import Alert, Alerts, Figure
from worker.operations.data_subject import DataSubject
from worker.operations.erasure import Erasure
from worker.operations.erasure_found import Found
from worker.operations.status import read_figures
from worker.operations.trace.tracer import Tracer
from worker.outbox.claim import Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.clock_watch import ClockWatch
from worker.outbox.delayed import _CANCEL, DelayedEvents
from worker.outbox.outbox import Outbox
from worker.outbox.parking import NOTES, Parking
from worker.outbox.receipt import End, Ended, digest_of
from worker.outbox.receipt_limit import ReceiptLimit
from worker.outbox.receipt_lists import ReceiptLists
from worker.outbox.settlement import Settlement, TokenLimit
from worker.replays.lanes import END
from worker.replays.lease import Page, ReplayLease
from worker.replays.orders import Replays
from worker.replays.state import ReplayRequest
from worker.reporting.announcements import Announcements
from worker.reporting.audit import Audit
from worker.reporting.audit_entry import WORKER, Action
from worker.reporting.figures.folding import Folding, is_time_to_fold
from worker.reporting.figures.period import DAY_S, KEPT_S
from worker.reporting.figures.sealing import Sealing
from worker.runtime.presence import Presence
from worker.settings import Settings

ROOT: Final = Path(__file__).parents[2]
PIXEL: Final = "C0SLOT000PIXEL000000"
KEY: Final = f"web:{PIXEL}"
EVENT: Final[dict[str, Any]] = {"event": "Purchase", "user": {"email": "jo@example.com"}}
LIMIT: Final = TokenLimit("digest", 10_000.0)
PIXELS: Final = ("web:P1", "web:P2")
"""Destinations of two shards, if there are eight."""
OF_THE_BROKER: Final = {
    ("inbox_waits",),
    ("inbox_done",),
    ("lib/unblocked", "inbox_take"),
    ("lib/unblocked", "inbox_untried"),
    ("lib/unblocked", "stray"),
}
"""Scripts that run on Celery's broker, which is never a cluster."""


@pytest.fixture(scope="module")
def one_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One node with all slots is a cluster, too."""
    with Cluster(tmp_path_factory.mktemp("one"), primaries=1, replica=False) as one:
        yield one


@pytest.fixture
def redis(one_node: Cluster) -> Iterator[Redis]:
    """A worker's connection."""
    with primary.connect(
        one_node.url, key=keys.ready, protocol=2, socket_connect_timeout=5
    ) as client:
        yield client


@pytest.fixture
def client(one_node: Cluster) -> Iterator[Client]:
    """A producer."""
    with Client(one_node.url, event_source_id=PIXEL, linger_ms=0) as client:
        yield client


def receipt(event_id: str) -> Ended:
    """Of an event that ended now."""
    now = time.time()
    return Ended(End.DELIVERED, now, now, digests=[digest_of(event_id)], names=["Purchase"])


def deliver(redis: Redis) -> None:
    """Take, claim and settle what there is, ringing nothing; put off what is due."""
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    outbox.ring(rings=False)
    outbox.take(1, patience_ms=1_000, stay=True)
    (claimed,) = outbox.claim([Want(KEY, 10, 1_000_000, LIMIT)])
    settlement = Settlement(KEY, 0, LIMIT)
    for block in claimed.blocks:
        opened = OpenBlock.of(block, lease_ends=0.0)
        opened.delivered(block.events, ended=[receipt("any") for _ in opened.events])
        opened.settle_into(settlement)
    outbox.settle(settlement)
    outbox.defer(KEY, 0)


def send_a_file(redis: Redis) -> None:
    """Append the events of a file, and note how far it came."""
    progress = SendProgress(store_of(redis), "digest", linger_ms=0, rings=False)
    progress.begin(resume=False)
    event = EventPreparer({"web": PIXEL}, None, 65_536).prepare(EVENT)
    progress.append([event], done=1, refused=0)


def hold(redis: Redis, client: Client) -> None:
    """Hold events, cancel one and release the other."""
    client.cancel(client.track(EVENT, delay=timedelta(days=1)))
    client.track(EVENT, delay=timedelta(milliseconds=1))
    delayed = DelayedEvents(store_of(redis))
    wait_until(delayed.release)


def letter(number: int) -> DeadLetter:
    """A dead letter."""
    body: dict[str, Any] = {**EVENT, "event_id": f"dead-{number}"}
    return letters.letter(body, destination=KEY)


def bury(redis: Redis) -> None:
    """Bury a letter, change it, find it, purge it and put it back."""
    letters = DeadLetters(store_of(redis))
    letters.bury(letter(1))
    (old,) = letters.find(LetterFilter(event="Purchase"))
    letters.change(old, letter(2))
    changed = list(letters.find(LetterFilter()))
    letters.purge(changed)
    LetterImport(store_of(redis)).restore(changed)


def replay(redis: Redis) -> None:
    """Ask for a replay, interrupt it, and let it move a letter."""
    replays, now = Replays(store_of(redis)), time.time()
    number = replays.ask(ReplayRequest(wanted=LetterFilter(), asked_at=now, asked_by="tests"))
    replays.pause(number)
    replays.resume(number)
    worker = ReplayLease(store_of(redis), holder="tests", lease_ms=1_000)
    worker.offered()
    held = worker.take(number)
    assert held is not None
    letters: Any = redis.hgetall(keys.dead)
    ((letter_id, stored),) = letters.items()
    one = read_letter(letter_id.decode(), stored)
    page = Page(KEY, BEGINNING, END, [(stored, one)])
    worker.move(held, page, room=1_000, now=now, paid_until=now)
    worker.finish(held)


def park(redis: Redis, client: Client) -> None:
    """Park a destination, sweep it, and let it go on."""
    client.track(EVENT | {"event_time": 1_700_000_000})
    Parking(store_of(redis)).park(KEY)
    outbox = Outbox(store_of(redis), consumer="sweeper", lease_ms=60_000)
    Sweep(store_of(redis), outbox, Settings()).run(lambda: True)
    Parking(store_of(redis)).resume(KEY)


def erase(redis: Redis, client: Client) -> None:
    """Erase a person who waits, in an outbox and for a time."""
    client.track(EVENT)
    client.track(EVENT, delay=timedelta(days=1))
    subject = DataSubject.of({"email": ["jo@example.com"]}, None)
    Erasure(store_of(redis), subject, lease_s=0).run(Found(), lambda: None)


def look(redis: Redis, client: Client) -> None:
    """Measure, judge, write down, and mend a clock that jumped back."""
    client.track(EVENT)
    Presence(store_of(redis)).say()
    read_figures(store_of(redis))
    oldest_waiting_s(store_of(redis))
    Alerts(store_of(redis)).judge(
        [Figure(Alert.DEAD_PER_MINUTE, dead_per_minute(store_of(redis)), 1)]
    )
    audit = Audit(store_of(redis))
    with audit.act(Action.PARK, who=WORKER, filter=KEY) as act:
        audit.note(act)
    assert list(Announcements(store_of(redis)).take()) == []
    redis.set(keys.clock, 4_000_000_000_000)
    ClockWatch(store_of(redis)).look()


def account(redis: Redis, client: Client) -> None:
    """Fold, seal and give up figures; trace an event, forget its receipt and give the rest up."""
    store, now = store_of(redis), time.time()
    event_id = client.track(EVENT)
    deliver(redis)
    assert is_time_to_fold(store)
    Folding(store, keys).run(lambda: True)
    Sealing(store, keys, 1).run(lambda: True, now + KEPT_S + DAY_S)
    Tracer(store, Settings()).trace([event_id])
    ReceiptLists(store).erase({KEY: [receipt(event_id)]}, now)
    ReceiptLimit(store, 0).run(lambda: True, now)


def spread(redis: Redis) -> None:
    """What only several shards need: a token's turns, a replay elsewhere, a letter that moves."""
    store = Store(redis, Shards("spread", 8))
    Outbox(store, consumer="one", lease_ms=60_000).claim([Want(KEY, 10, 1_000_000, LIMIT)])
    replays, now = Replays(store), time.time()
    number = replays.ask(ReplayRequest(wanted=LetterFilter(), asked_at=now, asked_by="tests"))
    worker = ReplayLease(store, holder="tests", lease_ms=1_000)
    held = worker.take(number)
    assert held is not None
    for name in PIXELS:
        page = Page(name, BEGINNING, END)
        worker.move(held, page, room=1, now=now, paid_until=now)
    letters = DeadLetters(store)
    letters.bury(letter(1))
    (old,) = letters.find(LetterFilter())
    assert letters.change(old, replace(old, destination=PIXELS[0]))


def scripts() -> Iterator[tuple[str, ScriptText]]:
    """Every script that the code reads, by the place that does."""
    for folder in ("client", "worker", "tasks"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and (names := _script_names(node)):
                    yield f"{file.name}: {'+'.join(names[1:])}", _text(*names)


def _script_names(call: ast.Call) -> list[str]:
    """Package and names, as `LuaScript` and `ScriptText.read` are called with them."""
    names = [name for one in call.args for name in _names_in(one)]
    is_script = ast.unparse(call.func) in {"LuaScript", "ScriptText.read"} and len(names) > 1
    return names if is_script and tuple(names[1:]) not in OF_THE_BROKER else []


def _names_in(argument: ast.expr) -> list[str]:
    if ast.unparse(argument) == "*NOTES":
        return list(NOTES)
    return [str(argument.value)] if isinstance(argument, ast.Constant) else []


def _text(package: str, *names: str) -> ScriptText:
    before = {("send",): _APPEND, ("audit", "erase_delayed"): _CANCEL}
    return ScriptText.read(package, *names, before=before.get(names, ""))


def test_every_script_runs_on_a_cluster(redis: Redis, client: Client) -> None:
    """Each was refused by none, and the server knows all of them afterwards."""
    client.track(EVENT)
    deliver(redis)
    send_a_file(redis)
    hold(redis, client)
    bury(redis)
    replay(redis)
    park(redis, client)
    erase(redis, client)
    look(redis, client)
    account(redis, client)
    spread(redis)
    missed: list[Any] = [
        place for place, text in scripts() if not redis.script_exists(text.digest)[0]
    ]
    assert missed == []


def test_a_doorbell_cannot_be_rung_on_a_cluster(redis: Redis) -> None:
    """The test above would see it: the doorbell's queue is in another slot."""
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    with pytest.raises(ClusterCrossSlotError):
        outbox.ring(rings=True)
