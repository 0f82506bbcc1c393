"""`tiktok-events dead export` and `dead import` on a real server: out, away, back, sent."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from redis import Redis

from tests.builders import letters
from tests.builders.environment import environment
from tests.builders.replays import replay_letter
from tests.builders.stores import store_of
from tests.builders.waiting import ids_waiting
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetters, Reason
from worker.letters.facets import Facets
from worker.operations.status import read_figures
from worker.reporting.audit import Audit

DAY_S: Final = 86_400
PIXEL: Final = "web:C0PIXEL0EXAMPLE00001"


@dataclass
class Desk(letters.Desk):
    """A desk with a file."""

    file: Path

    def put_back(self) -> dict[str, Any]:
        """Import the file; returns the counts."""
        return self.json("import", str(self.file), "--yes")[-1]

    def bury(self, name: str | None = "order-1", **given: Any) -> str:
        """Bury one event; returns its letter's id."""
        body = {"event": "Purchase", "event_id": name, "properties": {"value": 1.5}}
        known = {
            "destination": PIXEL,
            "message": "Invalid parameter",
            "expires_at": time.time() + 5 * DAY_S,
            "history": History(time.time() - 3_600),
        }
        return letters.bury(self.redis, given.pop("body", body), **(known | given))

    def written(self) -> list[str]:
        """All letters as they stand in Redis, without their ids."""
        return sorted(letter.write() for letter in self.letters)


@pytest.fixture
def desk(redis: Redis, redis_url: str, tmp_path: Path) -> Desk:
    """A desk without letters."""
    return Desk(redis, redis_url, tmp_path / "letters.ndjson")


def test_an_export_has_every_letter_that_matches(desk: Desk) -> None:
    """One line each, on standard output by default."""
    for number in range(60):
        desk.bury(f"order-{number}")
    desk.bury("other", reason=Reason.INVALID)
    lines = desk.run("export", "--reason", "rejected").stdout.splitlines()
    assert {f"order-{n}" for n in range(60)} == {orjson.loads(one)["event_id"] for one in lines}


def test_a_file_is_private_and_whole(desk: Desk) -> None:
    """Nobody else may read it, and nothing of the way there is left."""
    desk.bury()
    assert desk.run("export", "-o", str(desk.file)).exit_code == 0
    assert desk.file.stat().st_mode & 0o777 == 0o600
    assert [desk.file] == list(desk.file.parent.iterdir())


def test_a_file_that_cannot_be_written_is_one_sentence(desk: Desk) -> None:
    """Exit code 1, no traceback."""
    result = desk.run("export", "-o", str(desk.file / "no" / "folder.ndjson"))
    assert result.exit_code == 1
    assert "cannot write" in result.stderr


def test_the_ending_chooses_the_table(desk: Desk) -> None:
    """A spreadsheet reads it, and calculates nothing of it."""
    desk.bury(message="=HYPERLINK(1)")
    file = desk.file.with_suffix(".csv")
    desk.run("export", "-o", str(file))
    (row,) = csv.DictReader(io.StringIO(file.read_text(), newline=""))
    assert (row["event_id"], row["message"], row["recoverable"]) == (
        "order-1",
        "'=HYPERLINK(1)",
        "yes",
    )


def test_what_was_purged_comes_back_and_is_sent(desk: Desk) -> None:
    """Export, purge, import, replay: the same event waits, and every sum agrees."""
    desk.bury()
    before = desk.written()
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--all", "--yes")
    assert desk.put_back() == {"dry_run": False, "imported": 1, "there": 0, "refused": 0}
    assert desk.written() == before
    figures = read_figures(store_of(desk.redis))
    assert (figures.count("imported"), figures.dead_unaccounted) == (1, 0)
    (letter,) = DeadLetters(store_of(desk.redis))
    assert replay_letter(desk.redis, letter.id)
    assert ids_waiting(desk.redis, PIXEL) == ["order-1"]
    figures = read_figures(store_of(desk.redis))
    assert (figures.dead, figures.unaccounted, figures.dead_unaccounted) == (0, 0, 0)


def test_one_letter_that_is_there_is_one(desk: Desk) -> None:
    """The counts are a sentence for people, of one letter as of many."""
    desk.bury()
    desk.run("export", "-o", str(desk.file))
    output = desk.run("import", str(desk.file), "--yes").stdout
    assert output.endswith("1 was there already, 0 lines refused.\n")


def test_importing_twice_changes_nothing(desk: Desk) -> None:
    """Letters with an event_id, without one, and without a body are each known again."""
    desk.bury()
    desk.bury(None)
    desk.bury(body=None, destination="")
    desk.run("export", "-o", str(desk.file))
    there = {"dry_run": False, "imported": 0, "there": 3, "refused": 0}
    assert desk.put_back() == there
    desk.run("purge", "--all", "--yes")
    assert desk.put_back()["imported"] == 3
    once = desk.written()
    assert (desk.put_back(), desk.written()) == (there, once)


def test_more_than_a_page_comes_back(desk: Desk) -> None:
    """The index counts them as it did before."""
    for number in range(1_100):
        desk.bury(f"order-{number}")
    before = Facets.read(store_of(desk.redis), now=time.time()).total
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--all", "--yes")
    assert desk.put_back()["imported"] == 1_100
    assert before == Facets.read(store_of(desk.redis), now=time.time()).total


def test_an_imported_letter_takes_no_other_letters_place(desk: Desk) -> None:
    """Neither one that is there, nor one that dies later; ids of two servers may be the same."""
    desk.bury("theirs")
    desk.run("export", "-o", str(desk.file))
    desk.redis.flushall()
    ours = desk.bury("ours")
    assert desk.put_back()["imported"] == 1
    desk.file.write_bytes(desk.file.read_bytes().replace(b"theirs", b"others"))
    assert desk.put_back()["imported"] == 1
    desk.bury("later")
    by_event = {letter.event_id: letter.id for letter in desk.letters}
    assert by_event.keys() == {"ours", "theirs", "others", "later"}
    assert (by_event["ours"], by_event["theirs"]) == (ours, "1-0i")
    assert len(set(by_event.values())) == 4


def test_the_same_event_elsewhere_is_another(desk: Desk) -> None:
    """An event_id counts with its destination and the name of the event."""
    desk.bury("order-1")
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--all", "--yes")
    desk.bury("order-1", destination="web:C0OTHER")
    desk.bury("order-1", body={"event": "Lead", "event_id": "order-1"})
    assert desk.put_back()["imported"] == 1


def test_a_dry_run_puts_nothing_back(desk: Desk) -> None:
    """It tells how many would be."""
    desk.bury()
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--all", "--yes")
    (counts,) = desk.json("import", str(desk.file), "--dry-run")
    assert (counts["imported"], len(desk.letters)) == (1, 0)


def test_wrong_lines_are_told_and_the_others_imported(desk: Desk) -> None:
    """By number, without their values; exit code 1."""
    desk.bury()
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--all", "--yes")
    desk.file.write_bytes(b'{"id": "jo@example.com"}\n\n' + desk.file.read_bytes() + b"{\n")
    result = desk.run("import", str(desk.file), "--yes", "--json")
    lines = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert [one.get("line") for one in lines] == [1, 4, None]
    assert lines[-1] == {"dry_run": False, "imported": 1, "there": 0, "refused": 2}
    assert result.exit_code == 1
    assert "jo@example.com" not in result.output


def test_a_line_without_an_end_is_refused(desk: Desk) -> None:
    """It is passed over, not held; the others are imported."""
    desk.bury()
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--all", "--yes")
    desk.file.write_bytes(b"x" * 9_000_000 + b"\n" + desk.file.read_bytes())
    told = desk.json("import", str(desk.file), "--yes")
    assert (told[0]["line"], "at most" in told[0]["message"]) == (1, True)
    assert (told[-1]["imported"], told[-1]["refused"]) == (1, 1)


def test_an_import_asks_what_it_cannot_know(desk: Desk) -> None:
    """Events replayed since the export could be counted twice; a no changes nothing."""
    desk.bury()
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--all", "--yes")
    result = desk.run("import", str(desk.file), given=b"n\n")
    assert "Those replayed since the export could be counted twice" in result.output
    assert (result.exit_code, len(desk.letters)) == (1, 0)


def test_a_pipe_is_imported(desk: Desk) -> None:
    """Standard input cannot answer the question too, so it needs --yes."""
    desk.bury()
    exported = desk.run("export").stdout_bytes
    desk.run("purge", "--all", "--yes")
    assert desk.run("import", "-", given=exported).exit_code == 2
    assert desk.run("import", "-", "--yes", given=exported).exit_code == 0
    assert len(desk.letters) == 1


def test_a_purge_asks_with_all_that_is_at_stake(desk: Desk) -> None:
    """How many, why they died, worth what, and how many could still be sent."""
    desk.bury("a", body={"properties": {"value": 1_000.5, "currency": "EUR"}})
    desk.bury("b", reason=Reason.EXPIRED, expires_at=time.time() - 5)
    question = "(expired 1 · rejected 1; worth 1,000.50 EUR; 1 can still be sent)"
    assert question in desk.run("purge", "--all", given=b"n\n").output


def test_an_export_that_is_cut_off_is_in_the_audit(desk: Desk) -> None:
    """As by `… | head`: some letters have left."""
    for _ in range(200):
        desk.bury()
    command = [sys.executable, "-m", "worker.cli", "dead", "export"]
    given = environment({"REDIS_URL": desk.url})
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE) as export:
        assert export.stdout is not None
        export.stdout.readline()
        export.stdout.close()
    (entry,) = Audit(store_of(desk.redis)).read()
    assert (entry.action, entry.what) == ("export", "every dead letter")
    assert str(entry.result).startswith("stopped")


def test_a_purge_and_an_import_are_audited(desk: Desk) -> None:
    """How many, by whom; the newest entry first."""
    desk.bury()
    desk.run("export", "-o", str(desk.file))
    desk.run("purge", "--reason", "rejected", "--yes")
    desk.put_back()
    entries = [
        (entry.action, entry.what, entry.count) for entry in Audit(store_of(desk.redis)).read()
    ]
    assert entries == [
        ("import", None, 1),
        ("purge", "reason rejected", 1),
        ("export", "every dead letter", 1),
    ]
