"""`tiktok-events send` hands over files of events, to a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.stores import keys
from tests.builders.waiting import ids_waiting

GOOD = {"event": "Purchase", "event_source_id": "C0PIXEL"}


@dataclass
class Sender:
    """The command, and the outbox it fills."""

    redis: Redis
    url: str
    folder: Path

    def run(self, *arguments: str, given: bytes | None = None) -> Result:
        """Run `tiktok-events send …`."""
        settings = {"REDIS_URL": self.url, "PIXEL_CODE": None, "DEFAULT_REGION": None}
        return tiktok_events("send", "--now", *arguments, given=given, **settings)

    def send(self, text: bytes, *arguments: str) -> Result:
        """Run it on a file that holds this."""
        file = self.folder / "events.ndjson"
        file.write_bytes(text)
        return self.run(str(file), *arguments)

    def ids(self, destination: str = "web:C0PIXEL") -> list[str]:
        """The ids of the events that wait, in order."""
        return ids_waiting(self.redis, destination)


@pytest.fixture
def sender(redis: Redis, redis_url: str, tmp_path: Path) -> Sender:
    """A sender with an empty outbox."""
    return Sender(redis, redis_url, tmp_path)


def lines(*events: dict[str, Any] | bytes) -> bytes:
    """One event a line; bytes as they are."""
    texts = (event if isinstance(event, bytes) else orjson.dumps(event) for event in events)
    return b"\n".join(texts) + b"\n"


def event(number: int) -> dict[str, Any]:
    """One good event."""
    return GOOD | {"event_id": f"order-{number}"}


@pytest.mark.parametrize(
    "text",
    [
        lines(event(1), event(2)),
        b"\xef\xbb\xbf" + lines(event(1), b"", event(2)).rstrip(),
        orjson.dumps([event(1), event(2)]),
        b"\n" + orjson.dumps([event(1), event(2)], option=orjson.OPT_INDENT_2),
    ],
    ids=["lines", "byte order mark and blank line", "array", "array over several lines"],
)
def test_lines_and_arrays_are_read(sender: Sender, text: bytes) -> None:
    """Every common form of a file of events is handed over, in order."""
    result = sender.send(text)
    assert (result.exit_code, sender.ids()) == (0, ["order-1", "order-2"])
    assert "2 events handed over, 0 refused." in result.stdout


def test_one_object_over_several_lines_is_one_event(sender: Sender) -> None:
    """What an editor has made pretty is read too."""
    assert sender.send(orjson.dumps(event(1), option=orjson.OPT_INDENT_2)).exit_code == 0
    assert sender.ids() == ["order-1"]


def test_standard_input_is_read(sender: Sender) -> None:
    """A dash stands for it."""
    assert sender.run("-", given=lines(event(1))).exit_code == 0
    assert sender.run("-", "--strict", given=lines(event(2))).exit_code == 0
    assert sender.ids() == ["order-1", "order-2"]


def test_a_long_file_goes_in_slices(sender: Sender) -> None:
    """More events than one slice arrive all, once, in order."""
    numbers = range(2_345)
    assert sender.send(lines(*map(event, numbers))).exit_code == 0
    assert sender.ids() == [f"order-{number}" for number in numbers]


BAD = lines(
    event(1),
    b'{"event": "Purchase", "user": {"email": "gwen@example.com"',
    b"[1]",
    event(4),
    GOOD | {"event": "gwen@example.com"},
    {"event": "Lead", "event_source": "crm", "user": {"external_id": "customer-77"}},
    event(7),
)


def test_bad_lines_are_reported_and_the_others_sent(sender: Sender) -> None:
    """Each refusal names its line and path, and holds none of its values."""
    result = sender.send(BAD)
    assert (result.exit_code, sender.ids()) == (1, ["order-1", "order-4", "order-7"])
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "line 2",
        "line 3",
        "line 5",
        "line 6",
    ]
    assert "event_source_id: missing" in result.stderr
    assert "3 events handed over, 4 refused." in result.stdout
    assert "gwen" not in result.output
    assert "customer-77" not in result.output


def test_programs_get_refusals_as_objects(sender: Sender) -> None:
    """One object for each, and one with the counts at the end."""
    *refusals, counts = map(orjson.loads, sender.send(BAD, "--json").stdout.splitlines())
    assert [refusal["line"] for refusal in refusals] == [2, 3, 5, 6]
    assert refusals[-1]["path"] == "event_source_id"
    assert counts == {"accepted": 3, "refused": 4}


def test_strict_sends_all_or_nothing(sender: Sender) -> None:
    """One bad line keeps the good ones back; a good file goes as without it."""
    result = sender.send(BAD, "--strict")
    assert (result.exit_code, sender.ids()) == (1, [])
    assert "0 events handed over, 4 refused." in result.stdout
    assert sender.send(lines(event(1)), "--strict").exit_code == 0
    assert sender.ids() == ["order-1"]


def test_an_array_counts_events(sender: Sender) -> None:
    """Its refusals are named by their place in the array."""
    result = sender.send(orjson.dumps([event(1), 5, event(3)]))
    assert (result.exit_code, sender.ids()) == (1, ["order-1", "order-3"])
    assert result.stderr == "event 2: an event is a JSON object, in braces\n"


def test_an_array_ends_where_it_breaks(sender: Sender) -> None:
    """The place is named; what stood before it goes, as it does out of lines."""
    broken = b"[\n" + orjson.dumps(event(1)) + b",\noops," + orjson.dumps(event(3)) + b"]"
    result = sender.send(broken)
    assert (result.exit_code, sender.ids()) == (1, ["order-1"])
    assert "event 2: line 3, column 1: this is no JSON" in result.stderr


def test_a_broken_array_is_refused_whole_when_one_refusal_is_to_keep_all_back(
    sender: Sender,
) -> None:
    """Nothing is sent then."""
    result = sender.send(b"[" + orjson.dumps(event(1)) + b", oops]", "--strict")
    assert (result.exit_code, sender.ids()) == (1, [])


def test_a_first_line_that_is_broken_harms_no_other(sender: Sender) -> None:
    """It is not taken for the start of an object over several lines."""
    result = sender.send(lines(b'{"event": "Purchase",', event(2)))
    assert (result.exit_code, sender.ids()) == (1, ["order-2"])
    assert result.stderr.startswith("line 1: ")


def test_many_refusals_are_counted_not_printed(sender: Sender) -> None:
    """People are told of a hundred; programs of all."""
    text = lines(*[b"oops"] * 120)
    result = sender.send(text)
    assert result.stderr.count("no JSON") == 100
    assert "20 more; --json tells them all" in result.stderr
    assert len(sender.send(text, "--json").stdout.splitlines()) == 121


def test_a_default_destination_can_be_given(sender: Sender) -> None:
    """It counts for events that name none."""
    text = lines({"event": "Purchase", "event_id": "order-1"}, event(2))
    assert sender.send(text, "--event-source-id", "C0OTHER").exit_code == 0
    assert sender.ids("web:C0OTHER") == ["order-1"]
    assert sender.ids() == ["order-2"]


def test_an_empty_file_is_no_failure(sender: Sender) -> None:
    """A pipeline without events today ends well."""
    assert sender.send(b"\n").exit_code == 0


def test_a_file_that_cannot_be_read_is_one_sentence(sender: Sender) -> None:
    """Its name and the reason."""
    result = sender.run(str(sender.folder / "none.ndjson"))
    assert result.exit_code == 1
    assert result.stderr.endswith("none.ndjson: No such file or directory\n")


def test_a_server_that_is_down_says_how_far_it_came(sender: Sender) -> None:
    """Whoever sends the rest knows where to begin."""
    sender.url = "redis://127.0.0.1:1/0"
    file = sender.send(lines(event(1), event(2)))
    assert file.exit_code == 1
    assert "Nothing was handed over by this run before. The rest, and nothing" in file.stderr
    assert f"tiktok-events send --resume {sender.folder}/events.ndjson" in file.stderr
    piped = sender.run("-", "--rate", "max", given=lines(event(1), event(2)))
    assert piped.exit_code == 1
    assert "Whether lines 1 to 2 are is not known here. Sent again" in piped.stderr


def test_a_file_that_is_left_in_the_middle_ends_in_one_sentence(sender: Sender) -> None:
    """In a process of its own: what the interpreter meets while it ends is printed there."""
    sender.redis.set(keys.outbox("web:C0PIXEL"), "theirs")
    file = sender.folder / "events.ndjson"
    file.write_bytes(lines(*[GOOD] * 3_000))
    environment = os.environ | {"TIKTOK_EVENTS_REDIS_URL": sender.url}
    command = [sys.executable, "-m", "worker.cli", "send", str(file), "--rate", "max", "--now"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: the outbox cannot be used")
    assert "Traceback" not in ended.stderr


def test_every_event_can_be_given_a_field(sender: Sender) -> None:
    """Whatever the file says; where it cannot be put, the event is refused."""
    text = lines(event(1), event(2) | {"user": "ann"})
    result = sender.send(text, "--set", "event_source_id=C0OTHER", "--set", "user.locale=de")
    assert (result.exit_code, sender.ids("web:C0OTHER")) == (1, ["order-1"])
    assert "line 2: user.locale: its parent is no object" in result.stderr
    assert "ann" not in result.output


def test_refusals_are_written_into_a_file(sender: Sender) -> None:
    """All of them, without values; with --strict too."""
    errors = sender.folder / "errors.ndjson"
    for strict in ([], ["--strict"]):
        sender.send(BAD, "--errors", str(errors), *strict)
        told = [orjson.loads(line) for line in errors.read_bytes().splitlines()]
        assert [(one["line"], one["path"]) for one in told] == [
            (2, None),
            (3, None),
            (5, "event"),
            (6, "event_source_id"),
        ]
        assert b"gwen" not in errors.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--resume", "-"], "standard input cannot be resumed"),
        (["--map", "event_id=order", "--format", "ndjson", "x.csv"], "--map is for tables"),
        (["--map", "mail=order", "x.csv"], "give FIELD=…"),
        (["--set", "event", "x.csv"], "give FIELD=…"),
        (["--set", "properties.value=lots", "x.csv"], "properties.value must be a number"),
        (["--rate", "fast", "x.csv"], "give events a second"),
        (["--rate", "0", "x.csv"], "give events a second"),
        (["--rate", "inf", "x.csv"], "give events a second"),
        (["--errors", "{file}", "{file}"], "--errors names the file that is to be read"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_done(
    sender: Sender, arguments: list[str], sentence: str
) -> None:
    """Exit code 2, and one sentence."""
    file = sender.folder / "events.ndjson"
    file.write_bytes(lines(event(1)))
    result = sender.run(*[argument.format(file=file) for argument in arguments])
    assert (result.exit_code, sentence in result.stderr) == (2, True)
    assert file.read_bytes() == lines(event(1))


def test_an_errors_file_that_cannot_be_written_is_one_sentence(sender: Sender) -> None:
    """And nothing is handed over without it."""
    result = sender.send(lines(event(1)), "--errors", str(sender.folder / "none" / "errors"))
    assert (result.exit_code, sender.ids()) == (1, [])
    assert "none/errors: No such file or directory" in result.stderr


def test_a_file_needs_no_worker(sender: Sender) -> None:
    """Nothing leaves, so there is no live traffic to wait for; it says so once."""
    result = sender.send(lines(*[GOOD] * 12_000))
    assert result.exit_code == 0
    assert result.stderr.count("5,000 events wait and none leaves") == 1
    assert sender.redis.hget(keys.state("web:C0PIXEL"), "waiting") == b"12000"
