"""The audit on a real server: entries of commands and of workers, bounded, without a person."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from click.testing import Result
from redis import Redis
from structlog.testing import capture_logs

from tests.builders import letters
from tests.builders.commands import tiktok_events
from tests.builders.letters import PURCHASE
from tests.builders.parked import park_by_answer
from tests.builders.stores import keys, store_of
from tiktok_events import Client
from worker.delivery.destinations import Destinations
from worker.delivery.token_watch import CHANGED, TokenWatch
from worker.letters.dead_letters import DeadLetters
from worker.outbox.parking import Parking
from worker.reporting.audit import Audit, operator
from worker.reporting.audit_entry import WORKER, Action, Entry
from worker.settings import Settings

PIXEL = "C0AUDIT00PIXEL000000"
KEY = f"web:{PIXEL}"
EMAIL = "jo@example.com"


@pytest.fixture
def audit(redis: Redis) -> Audit:
    """The trail of an empty database."""
    return Audit(store_of(redis))


def run(redis_url: str, *arguments: str, **settings: str) -> Result:
    """Run `tiktok-events …` as the operator `ops`."""
    result = tiktok_events(*arguments, **{"REDIS_URL": redis_url, "ACTOR": "ops", **settings})
    assert result.exit_code in {0, 2}, result.output
    return result


def told(audit: Audit) -> list[tuple[Any, ...]]:
    """The entries, newest first, without their times."""
    return [(e.who, e.action, e.what, e.count, e.result, dict(e.facts)) for e in audit.read()]


def bury(redis: Redis, event_id: str) -> str:
    """Bury an event that could be sent again; returns its letter's id."""
    return letters.bury(redis, PURCHASE | {"event_id": event_id}, destination=KEY)


def park_by_worker(redis: Redis, redis_url: str) -> None:
    """An event waits, and its request is refused for its token."""
    with Client(redis_url, event_source_id=PIXEL, linger_ms=0) as client:
        client.track({"event": "Lead"})
    _, settled = park_by_answer(redis, KEY)
    assert settled.parked


def fail_at_the_eighth(audit: Audit) -> None:
    """Purge seven letters and meet a bug that quotes a person."""
    with audit.act(Action.PURGE, who="ops", filter="all") as act:
        audit.note(act, by=7)
        raise ValueError(f"never written: {EMAIL}")


# --- the trail -----------------------------------------------------------------


def test_an_entry_is_read_as_it_was_written(audit: Audit) -> None:
    """Who, what, how many, the result, and when on the server's clock."""
    before = time.time()
    audit.record(Action.EDIT, who="ops", filter="reason: invalid", count=3, result="done", sum=7)
    (entry,) = audit.read()
    assert told(audit) == [("ops", "edit", "reason: invalid", 3, "done", {"sum": 7})]
    assert abs(entry.at - before) < 60


def test_entries_come_newest_first_through_all_pages(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trail longer than a page is read whole, and each entry once."""
    monkeypatch.setattr("worker.reporting.audit.PAGE", 3)
    for number in range(8):
        audit.record(Action.PURGE, who="ops", count=number)
    assert [entry.count for entry in audit.read()] == [7, 6, 5, 4, 3, 2, 1, 0]


def test_entries_are_chosen_by_action_and_time(audit: Audit) -> None:
    """A filter leaves out the others; a time in the future leaves out all."""
    audit.record(Action.PURGE, who="ops")
    audit.record(Action.REPLAY, who="ops")
    assert [entry.action for entry in audit.read(action="purge")] == ["purge"]
    assert [entry.action for entry in audit.read(since=time.time() - 60)] == ["replay", "purge"]
    assert list(audit.read(since=time.time() + 60)) == []


def test_the_oldest_go_and_are_counted(redis: Redis) -> None:
    """The trail is bounded, and says how many entries it no longer has."""
    audit = Audit(store_of(redis), max_entries=3)
    for number in range(5):
        audit.record(Action.PARK, who="ops", count=number)
    assert ([entry.count for entry in audit.read()], audit.trimmed()) == ([4, 3, 2], 2)


def test_a_person_is_struck_out_of_texts(redis: Redis, audit: Audit) -> None:
    """An operator may have written an address into a reason."""
    audit.record(Action.PARK, who="ops", result=f"asked by {EMAIL}", reason=f"wrong for {EMAIL}")
    assert told(audit)[0][4:] == ("asked by [e-mail]", {"reason": "wrong for [e-mail]"})
    entries: Any = redis.xrange(keys.audit)
    assert EMAIL.encode() not in b"".join(v for _, fields in entries for v in fields.values())


def test_an_action_that_fails_leaves_an_entry_too(audit: Audit) -> None:
    """It tells how far the action came, and never the error's text."""
    with pytest.raises(ValueError, match="never written"):
        fail_at_the_eighth(audit)
    assert told(audit) == [("ops", "purge", "all", 7, "stopped: ValueError", {})]


# --- who -------------------------------------------------------------------------


def test_the_setting_names_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program says whose word it carries."""
    monkeypatch.setenv("USER", "root")
    assert operator(Settings.load({}, actor="deploy-token")) == "deploy-token"


@pytest.mark.parametrize(
    ("behind", "who"), [("jo", "jo (as root)"), ("root", "root"), ("", "root")]
)
def test_sudo_does_not_hide_a_user(behind: str, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting it is the system user, and who became it."""
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SUDO_USER", behind)
    assert who == operator(Settings())


# --- what is written down -----------------------------------------------------


def test_parking_and_resuming_by_hand(audit: Audit, redis_url: str) -> None:
    """Each command leaves an entry; a resumed destination one of its own."""
    run(redis_url, "destinations", "park", KEY, "--unseen", "--reason", "wrong prices")
    run(redis_url, "destinations", "park", KEY, "--unseen")
    run(redis_url, "destinations", "resume", "--all")
    assert told(audit) == [
        ("ops", "resume", KEY, 0, None, {}),
        ("ops", "park", KEY, None, "was parked before", {"reason": "by hand"}),
        ("ops", "park", KEY, None, "parked", {"reason": "wrong prices"}),
    ]


def test_a_worker_that_parks_and_resumes(redis: Redis, redis_url: str, audit: Audit) -> None:
    """A refused token and a new one are told like the word of a person."""
    park_by_worker(redis, redis_url)
    new_token = Destinations(Settings.load({}, access_token="new"), {})
    watch = TokenWatch(Parking(store_of(redis)), new_token)
    watch.look()
    watch.look()
    assert told(audit) == [
        (WORKER, "resume", KEY, 1, None, {"reason": CHANGED}),
        (WORKER, "park", KEY, None, None, {"reason": "credential: revoked"}),
    ]


def test_a_worker_goes_on_though_the_audit_cannot_be_written(redis: Redis, redis_url: str) -> None:
    """It parks and resumes all the same; a log line each says that it is not written down."""
    redis.set(keys.audit, "no stream")
    with capture_logs() as logs:
        park_by_worker(redis, redis_url)
        assert Parking(store_of(redis)).resume_for({KEY: "old"}, CHANGED) == [KEY]
    assert [(line["event"], line["reason"]) for line in logs] == [
        ("audit_unwritten", "park"),
        ("audit_unwritten", "resume"),
    ]


def test_replaying_and_purging(redis: Redis, redis_url: str, audit: Audit) -> None:
    """The entry has the filter and the count; a dry run and an empty match leave none."""
    kept, other = bury(redis, "kept"), bury(redis, "other")
    run(redis_url, "dead", "replay", kept, "--dry-run")
    run(redis_url, "dead", "purge", "--reason", "expired", "--yes")
    run(redis_url, "dead", "replay", kept, "--yes", "--detach")
    run(redis_url, "dead", "purge", "--reason", "rejected", "--event", "Purchase", "--yes")
    assert told(audit) == [
        ("ops", "purge", "reason rejected, event Purchase", 2, "done", {}),
        ("ops", "replay", "1 by id", 1, "asked", {"replay": 1, "rate": 500.0}),
    ]
    assert DeadLetters(store_of(redis)).get(other) is None


# --- the command ---------------------------------------------------------------


def test_json_lines_have_every_key(audit: Audit, redis_url: str) -> None:
    """Programs find the same keys in every entry."""
    audit.record(Action.ERASE, who="ops", count=2, dead_letters=1)
    (line,) = run(redis_url, "audit", "--json").stdout.splitlines()
    expected = {"who": "ops", "action": "erase", "what": None, "count": 2, "result": None}
    entry = orjson.loads(line)
    assert entry.pop("at") > 0
    assert entry == {**expected, "facts": {"dead_letters": 1}}


def test_the_table_fits_a_hundred_columns(audit: Audit, redis_url: str) -> None:
    """Long filters are folded, and every part of an entry is there."""
    what = "destination: offline:7400000000000000001:TEST12345, reason: crash_loop, event: Purchase"
    audit.record(Action.PURGE, who="x" * 40, filter=what, count=1_234_567, result="done", sum=5)
    output = run(redis_url, "audit").stdout
    assert max(map(len, output.splitlines())) <= 100
    assert [one for one in ("purge", "1,234,567", "done", "sum: 5") if one not in output] == []


def test_a_fact_that_is_true_is_said_in_words(audit: Audit, redis_url: str) -> None:
    """As a person would say it, not as Python writes it."""
    audit.record(Action.EDIT, who="ops", count=1, new_identity=True, gone=2)
    shown = run(redis_url, "audit").stdout
    assert ("new identity" in shown, "True" in shown) == (True, False)
    assert "gone: 2" in shown


def test_the_footer_says_what_is_not_shown(redis: Redis, redis_url: str) -> None:
    """Neither the limit nor the bound of the trail is silent."""
    audit = Audit(store_of(redis), max_entries=3)
    for _ in range(4):
        audit.record(Action.PARK, who="ops")
    output = run(redis_url, "audit", "--limit", "2").stdout
    assert "2 entries, newest first; --all shows the others." in output
    assert "1 entry before them are gone" in output
    assert len(run(redis_url, "audit", "--all", "--json").stdout.splitlines()) == 3


def test_an_empty_audit_is_said_in_words(redis_url: str) -> None:
    """No line for programs, a sentence for people."""
    assert run(redis_url, "audit").stdout.startswith("Nothing was done")
    assert run(redis_url, "audit", "--json").stdout == ""


def test_a_timestamp_that_is_none_is_wrong_usage(redis_url: str) -> None:
    """The sentence shows how to write one."""
    assert "how long ago" in run(redis_url, "audit", "--since", "soon").output


def test_the_entry_reads_without_optional_fields() -> None:
    """An entry has at least who and action."""
    entry = Entry.read(b"1700000000500-0", {b"who": b"ops", b"action": b"park"})
    assert entry == Entry(1_700_000_000.5, "ops", "park", None, None, None, {}, "1700000000500-0")
