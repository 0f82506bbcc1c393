"""Logging: what a line holds, and what no line ever holds."""

from __future__ import annotations

import ast
import multiprocessing
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tiktok_events.errors import InvalidSetting
from worker.reporting.logging import FIELDS, configure_logging
from worker.reporting.redaction import Ours
from worker.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
from tests.builders.canaries import CANARIES, EMAIL, NAME, PHONE, PLANTED
from tests.builders.log_stream import Stream


def raised(error: BaseException) -> BaseException:
    """The error with a traceback whose frame holds planted values."""
    planted = PLANTED
    try:
        raise error
    except type(error) as caught:
        assert planted
        return caught


def test_a_sentence_of_ours_keeps_its_figures(stream: Stream, log: Any) -> None:
    """A limit or a time in it is no phone number; an address would still go."""
    told = "must be Unix seconds, such as 1767225600; 203.0.113.7 is refused, ask"
    log.warning("checked", message=Ours(f"{told} ann@shop.example"))
    assert stream.line()["message"] == f"{told} [e-mail]"


def test_a_json_line_has_time_level_logger_and_event_first(stream: Stream, log: Any) -> None:
    """Every line begins with the same four keys, the time in UTC."""
    log.info("attempt", code=0, events=12)
    line = stream.line()
    assert list(line) == ["time", "level", "logger", "event", "code", "events"]
    assert line["time"].endswith("+00:00")
    assert [*line.values()][1:] == ["info", "tiktok_events.delivery", "attempt", 0, 12]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"log_format": "json", "terminal": True}, "json"),
        ({"log_format": None, "terminal": False}, "json"),
        ({"log_format": None, "terminal": True}, "coloured text"),
        ({"log_format": "text", "terminal": True}, "coloured text"),
        ({"log_format": "text", "terminal": False}, "text"),
    ],
)
def test_the_format_follows_the_setting_then_the_terminal(
    configure: Callable[..., Stream],
    log: Any,
    given: dict[str, Any],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Text is for people: asked for, or on a terminal, which alone gets colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = configure(**given)
    log.info("attempt")
    assert appearance(stream.getvalue()) == expected


def appearance(written: str) -> str:
    """What a line looks like."""
    if written.startswith("{"):
        return "json"
    return "coloured text" if "\x1b[" in written else "text"


def test_no_color_is_respected(
    configure: Callable[..., Stream], log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_COLOR takes the colours out on a terminal too."""
    monkeypatch.setenv("NO_COLOR", "1")
    stream = configure(terminal=True)
    log.info("attempt")
    assert "\x1b[" not in stream.getvalue()


def test_a_field_that_is_not_listed_is_dropped_and_named(stream: Stream, log: Any) -> None:
    """`hidden` tells a programmer which field did not arrive."""
    log.info("attempt", email=EMAIL, events=1)
    line = stream.line()
    assert (line["events"], line["hidden"], "email" in line) == (1, ["email"], False)


def test_a_figure_must_be_a_figure(stream: Stream, log: Any) -> None:
    """A text in a field for figures is dropped like a field that is not listed."""
    log.info("attempt", code=PLANTED)
    assert (stream.line()["hidden"], NAME in stream.getvalue()) == (["code"], False)


def test_identifiers_stay_whole(stream: Stream, log: Any) -> None:
    """A numeric source id is no phone number, a request id no digest: both are needed."""
    given = {
        "destination": "app:7012345678901234567",
        "request_id": "20261122163000ABCDEF0123456789ABCDEF",
        "resume": "tiktok-events destinations resume app:7012345678901234567",
    }
    log.error("parked", **given)
    assert given.items() <= stream.line().items()


def test_a_message_is_redacted_and_on_one_line(stream: Stream, log: Any) -> None:
    """What the API quotes of an event does not reach the log, nor a line break."""
    log.warning("attempt", message=f"refused:\n{EMAIL}, {PHONE}")
    assert stream.line()["message"] == "refused: [e-mail], [number]"


def test_absent_fields_are_left_out(stream: Stream, log: Any) -> None:
    """A delivered batch has no message."""
    log.info("attempt", message=None, code=0)
    assert "message" not in stream.line()


def test_every_field_that_the_code_logs_is_listed() -> None:
    """No log call of the worker or the tasks loses a field."""
    root = Path(__file__).parents[3]
    files = [*(root / "worker").rglob("*.py"), *(root / "tasks").rglob("*.py")]
    logged = {name for file in files for name in logged_fields(ast.parse(file.read_text()))}
    assert "destination" in logged
    assert logged - FIELDS.keys() - {"exc_info"} == set()


def logged_fields(tree: ast.AST) -> Iterator[str]:
    """Keywords of the calls `log.info(…)` and the like."""
    for call in ast.walk(tree):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "log"
        ):
            yield from (keyword.arg or "**" for keyword in call.keywords)


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_an_exception_is_its_types_and_places(
    configure: Callable[..., Stream], log: Any, log_format: str
) -> None:
    """No text of unknown origin, no local variable, no source line, no folder."""
    stream = configure(log_format=log_format)
    error = raised(KeyError(PLANTED))
    error.__cause__ = raised(RuntimeError(PLANTED))
    log.error("delivery_failed", exc_info=error)
    written = stream.getvalue()
    assert [word for word in CANARIES if word in written] == []
    assert all(word in written for word in ("KeyError", "RuntimeError", ":raised"))
    assert str(Path(__file__).parent) not in written


def test_an_exception_as_json(stream: Stream, log: Any) -> None:
    """The chain as data, itself first, harmless texts kept."""
    error = raised(OSError(111, PLANTED))
    error.__context__ = raised(RedisConnectionError("no answer from the server"))
    log.error("delivery_failed", exc_info=error)
    first, second = stream.line()["exception"]
    assert (first["type"], first["message"]) == ("ConnectionRefusedError", "Connection refused")
    assert second["type"] == "redis.exceptions.ConnectionError"
    assert second["message"] == "no answer from the server"
    assert [place.split(":")[-1] for place in first["stack"]] == ["raised"]


def test_the_current_exception_is_found(stream: Stream, log: Any) -> None:
    """`log.exception` inside an except clause."""
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("delivery_failed")
    assert stream.line()["exception"][0]["type"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    ("level", "expected"),
    [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)],
)
def test_the_level_is_a_setting(
    configure: Callable[..., Stream], log: Any, level: str, expected: int
) -> None:
    """Our own lines below the level are not written."""
    stream = configure(log_format="json", log_level=level)
    log.debug("looked")
    log.info("attempt")
    log.warning("claim_lost")
    assert len(stream.lines()) == expected


def test_settings_of_logging_are_refused_with_what_is_allowed() -> None:
    """A format or level that does not exist stops the start."""
    environment = {"TIKTOK_EVENTS_LOG_FORMAT": "xml", "TIKTOK_EVENTS_LOG_LEVEL": "loud"}
    with pytest.raises(InvalidSetting) as refused:
        Settings.load(environment)
    assert str(refused.value).splitlines() == [
        "TIKTOK_EVENTS_LOG_FORMAT must be one of json, text; it is 'xml'",
        "TIKTOK_EVENTS_LOG_LEVEL must be one of debug, info, warning, error; it is 'loud'",
    ]


def test_a_line_that_cannot_be_written_shows_no_value(
    stream: Stream, log: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logging's own complaint would print the record."""

    class Unprintable:
        def __str__(self) -> str:
            raise ValueError(PLANTED)

    log.info("attempt", message=Unprintable())
    assert stream.getvalue() == ""
    lost = "a log line of tiktok_events.delivery was lost: ValueError\n"
    assert capsys.readouterr().err == lost


@pytest.mark.usefixtures("configure")  # it restores logging
def test_standard_error_is_looked_up_for_each_line(
    log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that replaces its standard error keeps its log."""
    configure_logging(Settings(log_format="json"))
    replaced = Stream()
    monkeypatch.setattr(sys, "stderr", replaced)
    log.info("attempt")
    assert replaced.line()["event"] == "attempt"


@pytest.mark.usefixtures("configure")  # it restores logging
def test_a_forked_child_logs_the_same_way(log: Any, tmp_path: Path) -> None:
    """What was configured before the fork holds after it."""
    path = tmp_path / "log"
    with path.open("w") as file:
        configure_logging(Settings(log_format="json"), stream=file)
        child = multiprocessing.get_context("fork").Process(
            target=log.info, args=("attempt",), kwargs={"email": EMAIL}
        )
        child.start()
        child.join(30)
    assert child.exitcode == 0
    assert orjson.loads(path.read_bytes())["hidden"] == ["email"]
