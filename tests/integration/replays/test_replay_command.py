"""`tiktok-events dead replay`: it counts, asks a person, then the workers, and watches them."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import orjson
import pytest
from redis import Redis

from tests.builders.stores import store_of
from worker.attempts.history import History
from worker.cli.dead import replay_watch
from worker.cli.terminal import Bar
from worker.letters.dead_letters import Reason
from worker.letters.filter import LetterFilter
from worker.outbox.parking import Parking
from worker.replays import runner as replay_run
from worker.replays.state import ReplayState
from worker.reporting.audit import Audit

PIXEL = "web:C0PIXEL"
HOUR_S = 3_600.0


def doubtful() -> History:
    """Of an event that may have arrived more than 48 hours ago."""
    since = time.time() - 49 * HOUR_S
    return History(since, attempts=1, ambiguous_since=since)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches believes at once that no worker runs."""
    monkeypatch.setattr(replay_watch, "UNATTENDED_S", 0.0)


# --- before -------------------------------------------------------------------


def test_a_replay_states_the_count_and_asks(ward: Any) -> None:
    """A no leaves everything as it was."""
    ward.bury()
    ward.bury(expires_at=time.time() - 1)
    result = ward.run("dead", "replay", "--all", given="n\n")
    assert result.exit_code == 1
    assert "Replay 1 dead letter (1 of the 2 chosen will be skipped)?" in result.output
    assert (list(ward.replays), len(ward.letters)) == ([], 2)


def test_nobody_there_to_answer_is_a_no(ward: Any) -> None:
    """Without a terminal the command does nothing, and names --yes."""
    ward.bury()
    result = ward.run("dead", "replay", "--all", given="")
    assert result.exit_code == 1
    assert "give --yes" in result.stderr
    assert list(ward.replays) == []


def test_a_dry_run_says_what_would_happen(ward: Any) -> None:
    """Events, requests, seconds, money, what is skipped and why; nothing is asked for."""
    ward.bury(1_200, worth={"value": 2.5, "currency": "EUR"})
    ward.bury(3, "app:1")
    ward.bury(4, expires_at=time.time() - 1)
    (report,) = ward.json("dead", "replay", "--all", "--dry-run", "--rate", "100")
    assert report == {
        "dry_run": True,
        "selected": 1_207,
        "replayed": 1_203,
        "skipped_expired": 4,
        "skipped_ambiguous": 0,
        "skipped_no_destination": 0,
        "gone": 0,
        "will_die": {"app: is required for app events, with its app_id": 3},
        "as_refused": {"refused": 1_200},
        "requests": 3,
        "takes_s": 12.0,
        "value": {"EUR": 3_000.0},
        "destinations": {
            PIXEL: {"events": 1_200, "requests": 2},
            "app:1": {"events": 3, "requests": 1},
        },
    }
    assert list(ward.replays) == []


def test_a_dry_run_is_read_by_people(ward: Any) -> None:
    """In words and a table, within a hundred columns."""
    ward.bury(3, worth={"value": 1_000, "currency": "EUR"})
    ward.bury(1, "offline:" + "9" * 120)
    output = ward.run("dead", "replay", "--all", "--dry-run").stdout
    parts = ["4 would be replayed; this was a dry run", "about 1s at 500", "3,000.00 EUR", PIXEL]
    assert parts == [part for part in parts if part in output]
    assert max(map(len, output.splitlines())) <= 100


@pytest.mark.parametrize("arguments", [(), ("--dry-run",), ("--detach",)])
def test_an_empty_match_replays_nothing(ward: Any, arguments: tuple[str, ...]) -> None:
    """It ends well, asks nothing, and says so."""
    ward.bury()
    result = ward.run("dead", "replay", "--event", "Lead", *arguments)
    assert (result.exit_code, result.stdout) == (0, "No dead letter matches.\n")
    assert list(ward.replays) == []


def test_nothing_that_can_be_sent_is_nothing_to_ask_for(ward: Any) -> None:
    """The letters are explained, and no worker is bothered."""
    (letter_id,) = ward.bury(history=doubtful())
    result = ward.run("dead", "replay", letter_id, "--yes")
    assert result.exit_code == 1
    assert "ambiguous for over 48 h" in result.stdout
    assert "--accept-duplicates" in result.stdout
    assert list(ward.replays) == []
    (report,) = ward.json("dead", "replay", "--all", "--yes")
    assert (report["skipped_ambiguous"], report["replay"], report["state"]) == (1, None, None)


def test_a_rate_has_bounds(ward: Any) -> None:
    """Zero would never end."""
    assert ward.run("dead", "replay", "--all", "--rate", "0").exit_code == 2


# --- with a worker ------------------------------------------------------------


def test_a_replayed_event_waits_again(ward: Any, at_work: None) -> None:
    """It stands in its outbox with its id, and is no dead letter any more."""
    (letter_id,) = ward.bury()
    result = ward.run("dead", "replay", letter_id, given="y\n")
    assert result.exit_code == 0
    assert "1 replayed" in result.stdout
    assert (ward.waiting(), len(ward.letters)) == (Counter(["e0"]), 0)


def test_the_end_is_one_json_object(ward: Any, at_work: None) -> None:
    """The counts, the number of the replay, and how it ended."""
    ward.bury()
    ward.bury(expires_at=time.time() - 1)
    ward.bury(history=doubtful())
    ward.bury(destination="")
    (report,) = ward.json("dead", "replay", "--all", "--yes")
    assert report == {
        "dry_run": False,
        "selected": 4,
        "replayed": 1,
        "skipped_expired": 1,
        "skipped_ambiguous": 1,
        "skipped_no_destination": 1,
        "gone": 0,
        "delivered": 0,
        "died_again": {},
        "erased": 0,
        "waiting": 1,
        "replay": 1,
        "state": "finished",
        "letters": [report["letters"][0]],
    }
    assert report["letters"][0]["end"] == "waiting"


def test_duplicates_can_be_accepted(ward: Any, at_work: None) -> None:
    """A person's word lets an old ambiguous letter go."""
    (letter_id,) = ward.bury(history=doubtful())
    result = ward.run("dead", "replay", letter_id, "--yes", "--accept-duplicates")
    assert (result.exit_code, ward.waiting().total()) == (0, 1)


def test_an_unknown_id_is_gone(ward: Any, at_work: None) -> None:
    """The others are replayed, and the exit code tells that not all were."""
    (letter_id,) = ward.bury()
    result = ward.run("dead", "replay", letter_id, letter_id, "99-0", "--yes", "--json")
    assert result.exit_code == 1
    report = orjson.loads(result.stdout)
    assert (report["replayed"], report["gone"]) == (1, 1)


def test_a_replay_by_filter_leaves_the_others(ward: Any, at_work: None) -> None:
    """More letters than one page are replayed, and only those that match."""
    ward.bury(260, reason=Reason.INVALID)
    ward.bury(260)
    (report,) = ward.json("dead", "replay", "--reason", "invalid", "--yes")
    assert (report["replayed"], ward.waiting().total(), len(ward.letters)) == (260, 260, 260)


def test_a_parked_destination_ends_the_watching(
    ward: Any, at_work: None, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left needs a person: the command says whom, and that it goes on by itself."""
    monkeypatch.setattr(replay_run, "PATIENCE_S", 0.1)
    ward.bury(3)
    ward.bury(2, "app:1")
    Parking(store_of(redis)).park("app:1")
    result = ward.run("dead", "replay", "--all", "--yes")
    assert result.exit_code == 0
    parts = ["3 replayed", "2 left; replay 1 is running", "destinations resume app:1"]
    assert parts == [part for part in parts if part in result.stdout]
    Parking(store_of(redis)).resume("app:1")
    (report,) = ward.json("replays", "watch", "1")
    assert (report["replayed"], report["state"]) == (5, "finished")


# --- left alone ---------------------------------------------------------------


def test_a_detached_replay_is_only_asked_for(ward: Any, redis: Redis) -> None:
    """The workers will do it; the audit knows who asked."""
    ward.bury(3)
    result = ward.run("dead", "replay", "--all", "--yes", "--detach", "--rate", "7")
    assert result.exit_code == 0
    assert "tiktok-events replays watch 1" in result.stdout
    (replay,) = ward.replays
    assert (replay.state, replay.request.rate) == (ReplayState.RUNNING, 7.0)
    (entry,) = Audit(store_of(redis)).read()
    assert (entry.who, entry.what, entry.count, entry.result) == (
        "ops",
        "every dead letter",
        3,
        "asked",
    )


def test_without_a_worker_it_says_so(ward: Any, hasty: None) -> None:
    """It is no failure: the replay is done as soon as one runs."""
    (letter_id,) = ward.bury()
    result = ward.run("dead", "replay", letter_id, "--yes")
    assert result.exit_code == 0
    assert "No worker runs" in result.stdout
    (report,) = ward.json("dead", "replay", "--all", "--yes")
    assert (report["state"], report["replayed"]) == ("running", 0)
    assert [ward.turn(number).replayed for number in (1, 2)] == [1, 0]


def test_ctrl_c_leaves_it_running(ward: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says how to come back."""

    def ctrl_c(*_: Any) -> None:
        raise KeyboardInterrupt

    ward.bury()
    monkeypatch.setattr(Bar, "reach", ctrl_c)
    result = ward.run("dead", "replay", "--all", "--yes")
    assert result.exit_code == 0
    assert "Replay 1 goes on without you" in result.stdout
    assert ward.turn(1).state is ReplayState.FINISHED


def test_a_replay_that_somebody_pauses_is_left(ward: Any) -> None:
    """Whoever watches is told how it goes on."""
    ward.bury()
    number = ward.ask(LetterFilter(reason="rejected"))
    ward.replays.pause(number)
    result = ward.run("replays", "watch", str(number))
    assert result.exit_code == 0
    assert "tiktok-events replays resume 1" in result.stdout
