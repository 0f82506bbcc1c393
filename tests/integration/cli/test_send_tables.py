"""`tiktok-events send` reads tables and packed files as it reads lines of JSON."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from openpyxl import Workbook
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.waiting import events_waiting


@dataclass
class Sender:
    """The command, and the outbox it fills."""

    redis: Redis
    url: str
    folder: Path

    def run(self, *arguments: str, given: bytes | None = None) -> Result:
        """Run `tiktok-events send …` for one pixel."""
        settings = {"REDIS_URL": self.url, "PIXEL_CODE": "P", "STRIP_URL_PARAMETERS": "email"}
        return tiktok_events("send", *arguments, given=given, **settings)

    def send(self, name: str, content: bytes, *arguments: str) -> Result:
        """Run it on a file."""
        file = self.folder / name
        file.write_bytes(content)
        return self.run(str(file), *arguments)

    def events(self) -> list[dict[str, Any]]:
        """The events in the outbox, in order."""
        return events_waiting(self.redis, "web:P")


@pytest.fixture
def sender(redis: Redis, redis_url: str, tmp_path: Path) -> Sender:
    """A sender with an empty outbox."""
    return Sender(redis, redis_url, tmp_path)


TABLE = b"""\
event,event_id,event_time,user.email,properties.value,properties.contents,page.url
Purchase,1,1767225600,ann@example.com,59.98,"[{""content_id"":""A"",""price"":3}]",https://x.example/?email=a
Purchase,2,2026-01-01T00:00:00Z,,,,
"""


def test_a_row_is_an_event(sender: Sender) -> None:
    """Typed, hashed and stripped like any other."""
    result = sender.send("orders.csv", TABLE)
    first, second = sender.events()
    assert (result.exit_code, len(first["user"]["email"])) == (0, 64)
    del first["user"]
    assert first == {
        "event": "Purchase",
        "event_id": "1",
        "event_time": 1_767_225_600,
        "properties": {"value": 59.98, "contents": [{"content_id": "A", "price": 3}]},
        "page": {"url": "https://x.example/"},
    }
    assert second == {"event": "Purchase", "event_id": "2", "event_time": 1_767_225_600}


@pytest.mark.parametrize("name", ["orders.csv", "ORDERS.CSV.GZ", "orders.tsv"])
@pytest.mark.parametrize("packed", [True, False])
def test_the_name_tells_a_table_and_the_content_what_is_packed(
    sender: Sender, name: str, *, packed: bool
) -> None:
    """An ending .gz is neither needed nor believed."""
    assert sender.send(name, gzip.compress(TABLE) if packed else TABLE).exit_code == 0
    assert [event["event_id"] for event in sender.events()] == ["1", "2"]


@pytest.mark.parametrize("content", [TABLE, gzip.compress(TABLE)])
@pytest.mark.parametrize("strict", [[], ["--strict"]])
def test_standard_input_may_be_a_packed_table(
    sender: Sender, content: bytes, strict: list[str]
) -> None:
    """It has no name, so the form must be given."""
    assert sender.run("-", "--format", "csv", *strict, given=content).exit_code == 0
    assert [event["event_id"] for event in sender.events()] == ["1", "2"]


def test_columns_and_constants_can_be_given(sender: Sender) -> None:
    """What is no field is left out, and said."""
    table = b"order;mail;total;note\n7;ann@example.com;59.98;call ann\n"
    maps = [
        "--map",
        "event_id=order",
        "--map",
        "user.email=mail",
        "--map",
        "properties.value=total",
    ]
    sets = ["--set", "event=Purchase", "--set", "properties.currency=EUR"]
    result = sender.send("export.txt", table, *maps, *sets, "--now")
    assert (result.exit_code, "left out, no fields of an event: note" in result.stderr) == (0, True)
    (event,) = sender.events()
    assert (event["event"], event["event_id"]) == ("Purchase", "7")
    assert event["properties"] == {"value": 59.98, "currency": "EUR"}
    assert "ann" not in result.output


def test_a_table_without_the_event_is_refused_whole(sender: Sender) -> None:
    """Every row would die at the worker."""
    result = sender.send("orders.csv", b"event_id\n7\n")
    assert (result.exit_code, sender.events()) == (1, [])
    assert "no column is event; give --set event=Purchase" in result.stderr


def test_bad_rows_are_told_by_line_path_and_reason(sender: Sender) -> None:
    """The others are handed over; no value is shown."""
    table = b"event,event_id,user.email,properties.value\n" + b"".join(
        [b"Lead,1,a@example.com,1\n", b"Lead,2,ann@example.com,lots\n", b"Lead,3\n", b"Lead,4,,\n"]
    )
    result = sender.send("leads.csv", table, "--json", "--now")
    *told, counts = map(orjson.loads, result.stdout.splitlines())
    assert [event["event_id"] for event in sender.events()] == ["1", "4"]
    assert [(one["line"], one["path"]) for one in told] == [(3, "properties.value"), (4, None)]
    assert counts == {"accepted": 2, "refused": 2}
    assert "ann" not in result.output
    assert "lots" not in result.output


def test_a_packed_file_that_is_cut_off_says_so(sender: Sender) -> None:
    """What could be read is handed over, and how to go on is told."""
    lines = b"".join(b'{"event":"Lead","event_id":"%d"}\n' % number for number in range(50_000))
    result = sender.send("leads.gz", gzip.compress(lines)[:-20], "--now", "--rate", "max")
    assert result.exit_code == 1
    assert "is broken as a gzip file" in result.stderr


def test_a_file_without_times_is_refused_unless_they_are_now(sender: Sender) -> None:
    """Orders of last week would count today."""
    table = b"event,event_id,event_time\nLead,1,\nLead,2,1767225600\n"
    refused = sender.send("leads.csv", b"event,event_id\nLead,1\n")
    assert refused.exit_code == 1
    assert "no column says when the events happened" in refused.stderr
    assert "--now" in refused.stderr

    one = sender.send("leads.csv", table)
    assert "line 2: event_time: is missing" in one.stderr
    assert [event["event_id"] for event in sender.events()] == ["2"]

    assert sender.send("leads.csv", table, "--now").exit_code == 0
    assert [event["event_id"] for event in sender.events()] == ["2", "1", "2"]


def test_json_without_times_is_refused_too(sender: Sender) -> None:
    """Event by event; those of API 1.0 call it timestamp."""
    lines = (
        b'{"event": "Lead", "event_id": "1"}\n'
        b'{"event": "Lead", "event_id": "2", "event_time": ""}\n'
        b'{"event": "Lead", "event_id": "3", "timestamp": "2026-01-01T00:00:00Z"}\n'
    )
    result = sender.send("leads.ndjson", lines)
    assert result.stderr.count("event_time: is missing") == 2
    assert [event["event_id"] for event in sender.events()] == ["3"]


def test_an_empty_test_code_is_none(sender: Sender) -> None:
    """A column for it is rarely filled."""
    table = b'event,event_id,event_time,test_event_code\nLead,1,1767225600,\nLead,2,1767225600," "'
    assert sender.send("leads.csv", table).exit_code == 0
    line = b'{"event": "Lead", "event_id": "3", "event_time": 1767225600, "test_event_code": ""}'
    assert sender.send("leads.ndjson", line).exit_code == 0
    assert [event["event_id"] for event in sender.events()] == ["1", "2", "3"]


def test_a_workbook_of_local_times_is_sent(sender: Sender) -> None:
    """With several addresses in a cell, which are all hashed."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["event_type", "timestamp", "email", "value", "order_id"])
    sheet.append(
        [
            "Complete Payment",
            datetime.fromisoformat("2026-01-01 01:00"),
            "ann@example.com; bob@example.com",
            59.98,
            1042,
        ]
    )
    book.save(out)
    result = sender.send("orders.xlsx", out.getvalue(), "--time-zone", "Europe/Berlin")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "1 event handed over, 0 refused.",
    )
    (event,) = sender.events()
    assert len(event["user"]["email"]) == 2
    assert event["event_time"] == 1_767_225_600
    assert event["properties"] == {"value": 59.98, "order_id": "1042"}


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--time-zone", "Berlin"), "such as Europe/Berlin"),
        (("--time-zone", "../etc/passwd"), "such as Europe/Berlin"),
        (("--encoding", "latin"), None),
        (("--encoding", "klingon"), "such as utf-8"),
        (("--encoding", "rot13"), "such as utf-8"),
    ],
)
def test_wrong_options_say_what_is_allowed(
    sender: Sender, option: tuple[str, str], words: str | None
) -> None:
    """Before anything is read."""
    result = sender.send("orders.csv", TABLE, *option)
    assert result.exit_code == (0 if words is None else 2)
    assert words is None or words in result.stderr
