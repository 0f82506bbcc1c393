"""Refusals are written once each, whenever a run was killed."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from worker.files.rejects import ErrorFile, Refusal


def write(path: Path, *numbers: int, done: int = 0, unit: str = "line") -> None:
    """A run that refuses these entries."""
    with ErrorFile(path, done=done) as errors:
        for number in numbers:
            errors.add(Refusal(unit, number, "user.email", "must be a string"))


def numbers(path: Path, unit: str = "line") -> list[int]:
    """The entries that are told."""
    return [orjson.loads(line)[unit] for line in path.read_bytes().splitlines()]


def test_a_refusal_is_one_object_a_line(tmp_path: Path) -> None:
    """With its place and its reason; what was there before is gone."""
    path = tmp_path / "errors"
    path.write_text("old")
    write(path, 3)
    expected = {"line": 3, "path": "user.email", "message": "must be a string"}
    assert orjson.loads(path.read_bytes()) == expected


@pytest.mark.parametrize("unit", ["line", "event"])
def test_a_run_that_goes_on_tells_nothing_twice(tmp_path: Path, unit: str) -> None:
    """What the killed run told of entries that were not done is told again, by the next."""
    path = tmp_path / "errors"
    write(path, 3, 7, 12, 15, unit=unit)
    write(path, 12, 15, 20, done=10, unit=unit)
    assert numbers(path, unit) == [3, 7, 12, 15, 20]


@pytest.mark.parametrize("torn", [b'{"line": 9, "pa', b"{}\n", b"oops\n", b'{"line": null}\n'])
def test_a_torn_line_is_taken_away(tmp_path: Path, torn: bytes) -> None:
    """A kill may come in the middle of one."""
    path = tmp_path / "errors"
    write(path, 3)
    path.write_bytes(path.read_bytes() + torn)
    write(path, 9, done=5)
    assert numbers(path) == [3, 9]


def test_a_file_that_went_missing_begins_anew(tmp_path: Path) -> None:
    """Going on needs none."""
    write(tmp_path / "errors", 9, done=5)
    assert numbers(tmp_path / "errors") == [9]
