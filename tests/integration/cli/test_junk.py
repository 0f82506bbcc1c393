"""Whatever stands in our keys, every view answers: without a traceback, in 100 columns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis import Redis

from tests.builders import letters
from tests.builders.commands import tiktok_events
from tests.builders.letters import PURCHASE
from tests.builders.stores import installation_keys, keys, store_of
from tests.looks import VIEWS, Looker
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from worker.attempts.history import Attempt, History
from worker.delivery.prepare import Preparer
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.letters.file import read_line, to_line
from worker.letters.filter import LetterFilter
from worker.outbox.claim import Want
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.settlement import TokenLimit
from worker.replays.orders import Replays
from worker.replays.state import ReplayRequest
from worker.reporting.audit import Audit
from worker.reporting.audit_entry import Action
from worker.reporting.stored import LATEST
from worker.settings import Settings

KEY: Final = "web:C0PIXEL"
HOSTILE: Final = (
    *(b"", b" ", b"0", b"-1", b"1.5", b"1e999", b"nan", b"-inf", b"9" * 40, b"1796000000000"),
    *(b"\xff\xfe\x00", b"\x1b[31mred\x1b[0m\x07", b"null", b"[]", b"{}", b'{"at": 1e300}', b"true"),
    *("…\u202eabc".encode(), b"a\nb\tc", b"x" * 5_000, b"web:", b"web:C0PIXEL", b"1-0", b"999|9|9"),
)
JUNK: Final = st.sampled_from(HOSTILE) | st.binary(max_size=20)
NUMBERS: Final = st.sampled_from([0.0, -1.0, 1.5, 1e300, -1e300, float("inf"), float("-inf")])

Spoil = Callable[[Redis, bytes, bytes, float], Any]


def _hash(key: str, *fields: bytes) -> Spoil:
    """Junk as a value of a hash, and as a field of it."""

    def spoil(redis: Redis, one: bytes, other: bytes, _: float) -> None:
        known = redis.hkeys(key) if redis.type(key) in {b"hash", b"none"} else []
        if not known:
            redis.delete(key)
        redis.hset(key, mapping={one: other, **dict.fromkeys((*fields, *known), other)})

    return spoil


def _zset(key: str) -> Spoil:
    return lambda redis, one, _, score: redis.zadd(key, {one: score})


def _rescored(key: str) -> Spoil:
    def spoil(redis: Redis, _: bytes, __: bytes, score: float) -> None:
        members: Any = redis.zrange(key, 0, -1)
        redis.zadd(key, dict.fromkeys(members or [b"x"], score))

    return spoil


def _stream(key: str, *names: bytes) -> Spoil:
    return lambda redis, one, other, _: redis.xadd(key, {one: other, **dict.fromkeys(names, other)})


def _other_type(key: str) -> Spoil:
    def spoil(redis: Redis, one: bytes, other: bytes, _: float) -> None:
        redis.delete(key)
        if len(one) % 2:
            redis.rpush(key, other)
        else:
            redis.set(key, other)

    return spoil


HASHES: Final = {
    keys.counters: (b"accepted", b"delivered", b"dead:rejected", b"audit_trimmed", b"replays"),
    keys.parked: (KEY.encode(),),
    keys.state(KEY): (b"waiting", b"failures", b"not_before", b"parked_at"),
    keys.attempts(KEY): (),
    keys.dead: (),
    keys.dead_kinds: (),
    keys.dead_ledger: (),
    keys.delayed_events: (),
    installation_keys.alerts: (b"dead_per_minute",),
    keys.replay(1): (),
    keys.replay_places(1): (),
    keys.state("\x1b[31mjunk"): (b"waiting", b"parked"),
}
ZSETS: Final = (
    *(keys.ready, keys.delayed, keys.delayed_ids, keys.dead_event_ids),
    *(keys.replays, keys.replays_ended, installation_keys.deaths),
)
SPOILERS: Final[dict[str, Spoil]] = {
    **{f"fields of {key}": _hash(key, *fields) for key, fields in HASHES.items()},
    **{f"members of {key}": _zset(key) for key in ZSETS},
    **{f"scores of {key}": _rescored(key) for key in ZSETS},
    **{f"type of {key}": _other_type(key) for key in (*HASHES, *ZSETS, keys.audit)},
    f"type of {keys.outbox(KEY)}": _other_type(keys.outbox(KEY)),
    "entries of the audit": _stream(keys.audit),
    "fields of the audit": _stream(keys.audit, b"who", b"action", b"count", b"facts"),
    "blocks": _stream(keys.outbox(KEY), b"n", b"b"),
}


@pytest.fixture
def looker(redis: Redis, redis_url: str, tmp_path: Any) -> Looker:
    """Looks at a server; `doctor` asks no worker for an answer while one is awake."""
    redis.set(keys.awake, 1)
    return Looker(
        {
            "TIKTOK_EVENTS_REDIS_URL": redis_url,
            "TIKTOK_EVENTS_ACCESS_TOKEN": "token",
            "TIKTOK_EVENTS_SPOOL_FILE": str(tmp_path / "spool"),
        },
        closes=False,
    )


def fill(redis: Redis, url: str) -> None:
    """Something of everything."""
    redis.flushall()
    redis.set(keys.awake, 1)
    with Client(url, event_source_id="C0PIXEL") as client:
        client.track_many([{"event": "Purchase"}] * 3)
        client.track({"event": "Lead"}, delay=600)
    redis.zadd(keys.ready, {KEY: 0})
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    outbox.claim([Want(KEY, 1, 1_000, TokenLimit("digest", 1.0))])
    now = time.time()
    history = History(now).after(Attempt(now, "ambiguous", None, 12, None))
    DeadLetters(store_of(redis)).bury(letter(now, history))
    Parking(store_of(redis)).park(KEY, "because")
    Replays(store_of(redis)).ask(ReplayRequest(wanted=LetterFilter(), asked_at=now, asked_by="me"))
    Audit(store_of(redis)).record(
        Action.PARK, who="me", filter=KEY, count=1, result="parked", reason="why"
    )


def letter(now: float, history: History, body: Any = PURCHASE) -> DeadLetter:
    """A letter of an event that the API refused."""
    return letters.letter(body, now=now, destination=KEY, history=history)


def test_views_of_something_of_everything_are_fine(looker: Looker, redis: Redis) -> None:
    """With nothing spoilt nothing is wrong, and the sums close."""
    fill(redis, looker.environment["TIKTOK_EVENTS_REDIS_URL"])
    whole = Looker(looker.environment)
    assert not list(whole.problems())
    assert orjson.loads(whole.run("status", "--json").stdout)["junk"] == []


def test_whoever_looks_meanwhile_tells_what_was_wrong(looker: Looker, redis: Redis) -> None:
    """A sum that does not close fails what is watched; where it need not close, it does not."""
    redis.hset(keys.counters, "accepted", 5)
    with VIEWS.watched(looker.environment, closes=False):
        pass
    with (
        pytest.raises(AssertionError, match="status --json: unaccounted is 5"),
        VIEWS.watched(looker.environment),
    ):
        pass


def test_a_letter_of_the_far_future_is_shown(looker: Looker, redis: Redis) -> None:
    """An absurd `event_time` makes a deadline that no calendar has: it is the last day."""
    url = f"https://shop.example/{'y' * 200}"
    far = {"event": "Purchase", "event_time": 10**14, "page": {"url": url}}
    letters = DeadLetters(store_of(redis))
    preparer = Preparer(Destination.from_key(KEY), Settings())
    expires_at = preparer.expires_at(far, accepted_at=0.0)
    of_far = DeadLetter.of(
        far,
        destination=KEY,
        reason=Reason.INVALID,
        message="event_time: is no time",
        history=History(time.time()),
        died_at=time.time(),
        expires_at=expires_at,
    )
    number = letters.bury(of_far)
    assert expires_at > LATEST == of_far.expires_at
    assert not list(looker.problems())
    assert "9999-12-31" in looker.run("dead", "show", number).stdout
    assert read_line(to_line(replace(of_far, id=number))).expires_at == LATEST


def test_doctor_and_status_name_the_junk(looker: Looker, redis: Redis) -> None:
    """Where it stands is told; what it stands for counts as nothing."""
    redis.hset(keys.state(KEY), mapping={"waiting": "many", "not_before": "\x1b[2J"})
    redis.hset(keys.parked, "\x1b[31mjunk", "")
    found = orjson.loads(looker.run("status", "--json").stdout)
    places = [f"{keys.parked}: \x1b[31mjunk", f"{keys.state(KEY)}: not_before"]
    assert found["junk"] == [*places, f"{keys.state(KEY)}: waiting"]
    assert "junk in Redis" in looker.run("status").stdout
    checks = map(orjson.loads, looker.run("doctor", "--json").stdout.splitlines())
    (contents,) = (check for check in checks if check["name"] == "contents")
    assert contents["outcome"] == "failed"
    assert not list(looker.problems_of(("doctor",), ()))


def test_the_token_limit_writes_whole_milliseconds(looker: Looker, redis: Redis) -> None:
    """While a token's turn has not come, `not_before` is a moment like any other."""
    url = looker.environment["TIKTOK_EVENTS_REDIS_URL"]
    with Client(url, event_source_id="C0PIXEL", linger_ms=0) as client:
        client.track_many([{"event": "Purchase"}] * 300)
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    want = Want(KEY, 1, 1_000, TokenLimit("digest", 0.7))
    while outbox.claim([want])[0].blocks:
        redis.zadd(keys.ready, {KEY: 0})
    not_before: Any = redis.hget(keys.state(KEY), "not_before")
    assert not_before.isdigit()
    assert not list(Looker(looker.environment).problems())


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    spoilers=st.lists(st.sampled_from(sorted(SPOILERS)), min_size=1, max_size=8, unique=True),
    one=JUNK,
    other=JUNK,
    score=NUMBERS,
)
def test_no_view_falls_over_junk(
    looker: Looker, redis: Redis, spoilers: list[str], one: bytes, other: bytes, score: float
) -> None:
    """Junk of any kind in any place ends no view with a traceback, and breaks no terminal."""
    fill(redis, looker.environment["TIKTOK_EVENTS_REDIS_URL"])
    for spoiler in sorted(spoilers, key=lambda name: name.startswith("type")):
        SPOILERS[spoiler](redis, one, other, score)
    assert not list(looker.problems())
    assert not list(looker.problems_of(("dead", "export"), ("--format", "csv")))


@pytest.mark.parametrize("command", [["trace"], ["dead", "show"], ["dead", "replay", "--yes"]])
def test_an_id_that_is_no_text_is_refused_in_a_sentence(command: list[str], redis_url: str) -> None:
    """A terminal that is not UTF-8 hands such bytes over."""
    result = tiktok_events(*command, "caf\udce9", REDIS_URL=redis_url)

    assert result.exit_code == 2
    assert "not UTF-8: caf" in result.output
