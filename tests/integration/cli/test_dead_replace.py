"""`dead import --replace`: what a person has put right in an export, each letter in its own way."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import openpyxl
import orjson
import pytest
from click.testing import Result
from redis import Redis

from tests.builders import letters
from tests.builders.stores import store_of
from worker.reporting.audit import Audit

PIXEL: Final = "web:C0PIXEL"
LONG_ID: Final = "12345678901234567890"

Rows = list[dict[str, str]]


@dataclass
class Desk(letters.Desk):
    """A desk with a file."""

    folder: Path

    def bury_orders(self, count: int = 10, **properties: Any) -> list[str]:
        """Bury so many orders whose value is wrong, each in its own way."""
        return [
            letters.bury(
                self.redis,
                {
                    "event": "Purchase",
                    "event_id": f"{LONG_ID[:-2]}{number:02}",
                    "event_time": int(time.time()) - 60,
                    "user": {"email": sha256(b"jo@example.com").hexdigest()},
                    "properties": {"value": -1.0, "currency": "EUR", "order_id": f"00{number}"}
                    | properties,
                },
                path="properties.value",
                message="properties.value: must not be negative",
            )
            for number in range(count)
        ]

    def rows(self, *options: str) -> Rows:
        """The rows of the table that `dead export` writes."""
        text = self.run("export", "--format", "csv", *options).stdout_bytes.decode("utf-8-sig")
        delimiter = ";" if "," in options else ","
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))

    def saved(self, rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> str:
        """The path of a table of rows, as a spreadsheet saves it."""
        path = self.folder / "letters.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    def replace(self, path: str, *options: str) -> Result:
        """Follow a file, unasked."""
        return self.run("import", "--replace", path, "--yes", *options)

    def values(self, name: str = "value") -> list[Any]:
        """A property of each letter, in the order of their ids."""
        found = sorted(self.letters, key=lambda one: int(one.id.partition("-")[0]))
        return [one.body["properties"].get(name) for one in found]


@pytest.fixture
def desk(redis: Redis, redis_url: str, tmp_path: Path) -> Desk:
    """A desk without letters."""
    return Desk(redis, redis_url, tmp_path)


def by_id(rows: Rows) -> Rows:
    """The rows in the order of their letters' ids."""
    return sorted(rows, key=lambda row: int(row["id"].strip("'").partition("-")[0]))


def test_ten_letters_get_ten_right_values_in_one_go(desk: Desk) -> None:
    """First shown, then made; once in the audit, and in each letter."""
    desk.bury_orders()
    rows = by_id(desk.rows())
    for number, row in enumerate(rows):
        row["value"] = f"{number}.5"
    path = desk.saved(rows)
    tried = desk.run("import", "--replace", path, "--dry-run").stdout
    assert "properties.value  -1.0  →  0.5" in tried
    assert "10 would be edited; this was a dry run" in tried
    assert desk.values() == [-1.0] * 10
    assert "10 edited" in desk.replace(path).stdout
    assert desk.values() == [number + 0.5 for number in range(10)]
    entry = next(Audit(store_of(desk.redis)).read())
    assert (entry.who, entry.action, entry.count) == ("anna", "edit", 10)
    assert {one.edits[-1]["who"] for one in desk.letters} == {"anna"}


def german(rows: Rows) -> Rows:
    """What Excel makes of the rows where the comma is the decimal sign."""
    return [{name: cell.replace("-1", "1.234,5") if name == "value" else cell
             for name, cell in row.items()} for row in rows]  # fmt: skip


def rounded(rows: Rows) -> Rows:
    """What a spreadsheet makes of them that was not told to leave texts alone."""
    return [
        row | {"event_id": "1,23457E+19", "order_id": row["order_id"].strip("'").lstrip("0"),
               "value": "7,5", "ambiguous": "FALSCH"}
        for row in rows
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    ("made", "value"), [(german, 1234.5), (rounded, 7.5)], ids=["german", "rounded"]
)
def test_what_a_spreadsheet_writes_comes_back(
    desk: Desk, encoding: str, made: Callable[[Rows], Rows], value: float
) -> None:
    """Semicolons, decimal commas, its encodings; long ids and leading zeros are not lost."""
    desk.bury_orders(3, description="Größe")
    result = desk.replace(
        desk.saved(made(desk.rows("--decimal", ",")), delimiter=";", encoding=encoding)
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert desk.values() == [value] * 3
    assert sorted(desk.values("order_id")) == ["000", "001", "002"]


def test_an_order_number_that_was_rounded_stays_and_is_told(desk: Desk) -> None:
    """Nobody meant to change it."""
    desk.bury_orders(1, order_id=LONG_ID)
    rows = [row | {"order_id": "1,23457E+19", "value": "5"} for row in desk.rows()]
    result = desk.replace(desk.saved(rows))
    assert "properties.order_id came back rounded by the spreadsheet" in result.stderr
    assert (desk.values(), desk.values("order_id")) == ([5], [LONG_ID])


def test_a_letter_id_that_became_a_date_is_found_by_its_event(desk: Desk) -> None:
    """And if both are lost, the row is refused, and the others are followed."""
    desk.bury_orders(2)
    first, second = (row | {"id": "03. Jan", "value": "5"} for row in desk.rows())
    result = desk.replace(desk.saved([first, second | {"event_id": "1,2E+19"}]))
    assert result.exit_code == 1
    assert "line 3: the letter is not there" in result.stderr
    assert sorted(desk.values()) == [-1.0, 5]


def test_a_workbook_is_read(desk: Desk) -> None:
    """Whoever opens a table in Excel saves it as one."""
    desk.bury_orders(2)
    book = openpyxl.Workbook()
    sheet: Any = book.active
    rows = by_id(desk.rows())
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([*(row | {"value": 9.75}).values()])
    book.save(desk.folder / "letters.xlsx")
    assert desk.replace(str(desk.folder / "letters.xlsx")).exit_code == 0
    assert desk.values() == [9.75, 9.75]


def test_the_wrong_place_may_be_any(desk: Desk) -> None:
    """What stands there is a column, and may be put right there; a place may be a column, too."""
    body = {
        "event": "Purchase",
        "event_id": "e",
        "event_time": int(time.time()) - 60,
        "properties": {"value": 1, "currency": "EUR", "contents": [{"price": "free"}]},
    }
    letters.bury(desk.redis, body, path="properties.contents.0.price")
    (row,) = desk.rows()
    assert (row["field"], row["field_value"]) == ("properties.contents.0.price", "free")
    row |= {"field_value": "9.99", "user.email": "Jo@Example.com", "page.url": "https://x.example/"}
    assert desk.replace(desk.saved([row])).exit_code == 0
    (letter,) = desk.letters
    assert letter.body["properties"]["contents"] == [{"price": 9.99}]
    assert letter.body["user"] == {"email": sha256(b"jo@example.com").hexdigest()}
    assert letter.body["page"] == {"url": "https://x.example/"}


def test_the_same_file_twice_changes_nothing_the_second_time(desk: Desk) -> None:
    """Whoever was interrupted follows it again."""
    desk.bury_orders(3)
    path = desk.saved([row | {"value": "5"} for row in desk.rows()])
    desk.replace(path)
    again = desk.replace(path).stdout
    assert "3 already as you want" in again
    assert [len(one.edits) for one in desk.letters] == [1, 1, 1]


def test_what_somebody_edited_meanwhile_is_not_taken_back(desk: Desk) -> None:
    """The file does not know of it: such a row is refused."""
    desk.bury_orders(2)
    rows = by_id(desk.rows())
    desk.run("edit", rows[0]["id"], "--set", "properties.value=3", "--yes")
    result = desk.replace(desk.saved([row | {"value": "5"} for row in rows]))
    assert result.exit_code == 1
    assert "line 2: somebody has edited the letter since this export" in result.stderr
    assert desk.values() == [3, 5]


Change = Mapping[str, str]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([{"value": "1.2.3"}], "properties.value"),
        ([{"value": "five"}], "properties.value"),
        ([{"event_id": "other", "id": "99-0"}], "line 2: the letter is not there"),
        ([{"event_id": "other"}], "line 2: another event has this id"),
        ([{"destination": "web:C0OTHER", "event_id": ""}], "line 2: another event has this id"),
        ([{"value": "1"}, {"value": "2"}], "line 3: the same letter stands in an earlier line"),
        ([{"properties.value": "1", "value": "2"}], "another column of this row wants another"),
        ([{"event_time": "31.01.2026 14:05"}], "line 2: event_time: has no time zone"),
    ],
)
def test_a_row_that_cannot_be_followed_is_told(
    desk: Desk, changes: Sequence[Change], words: str
) -> None:
    """With its line or its letter, and it changes nothing."""
    desk.bury_orders(1)
    (row,) = desk.rows()
    result = desk.replace(desk.saved([{**row, **change} for change in changes]))
    assert result.exit_code == 1
    assert words in result.output
    assert desk.values() == [1 if len(changes) > 1 else -1.0]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "id;value", '"id,event_id,value"\n"1-0,x,5"\n'])
def test_a_table_that_is_no_export_is_one_sentence(desk: Desk, text: str) -> None:
    """Also where everything stands in one column; nothing is changed."""
    desk.bury_orders(1)
    path = desk.folder / "other.csv"
    path.write_text(text)
    result = desk.replace(str(path))
    assert (result.exception is None or isinstance(result.exception, SystemExit)) is True
    assert desk.values() == [-1.0]
    assert result.exit_code == (0 if text == "id;value" else 1)


def test_lines_of_json_are_followed_too(desk: Desk) -> None:
    """What jq makes of an export; a copy beside the body is told, not passed over."""
    desk.bury_orders(3)
    lines = [orjson.loads(line) for line in desk.run("export").stdout.splitlines()]
    lines[0]["body"]["properties"] |= {"value": 5.0, "currency": "USD"}
    del lines[1]["body"]["properties"]["order_id"]
    lines[1]["body"]["properties"]["value"] = 6.0
    lines[2]["value"] = 7.0
    text = b"\n".join(map(orjson.dumps, lines))
    result = desk.run("import", "--replace", "-", "--yes", given=text)
    assert "line 3: value: only repeats what stands in the body" in result.stderr
    assert sorted(desk.values()) == [-1.0, 5.0, 6.0]
    assert desk.values("order_id").count(None) == 1


def test_programs_get_each_letter_and_each_line(desk: Desk) -> None:
    """One object a letter, with its changes, and one for a line that cannot be followed."""
    desk.bury_orders(1)
    rows = [row | {"value": "5"} for row in desk.rows()]
    result = desk.replace(desk.saved([*rows, rows[0] | {"id": "99-0", "event_id": "x"}]), "--json")
    told = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert {"line": 3, "message": told[0]["message"]} == told[0]
    assert told[1]["outcome"] == "edited"
    assert told[1]["changes"] == [{"path": "properties.value", "before": -1.0, "after": 5}]


def test_a_letter_without_a_time_has_no_deadline_in_the_table(desk: Desk) -> None:
    """An empty cell: a date of 1970 would be read as one."""
    letters.bury(desk.redis, expires_at=604_800.0)
    assert [row["expires_at"] for row in desk.rows()] == [""]


def test_no_match_key_is_in_the_table(desk: Desk) -> None:
    """Neither raw nor hashed, nor is the place shown that held one."""
    desk.bury_orders(1)
    digest = sha256(b"jo@example.com").hexdigest()
    letters.bury(desk.redis, {"event": "Lead", "user": {"phone": "x"}}, path="user.phone")
    text = desk.run("export", "--format", "csv").stdout
    assert digest not in text
    assert [row["field_value"] for row in desk.rows() if row["field"] == "user.phone"] == [""]
