"""Log one line for each thing that happened, with fields that cannot identify a person.

own line      an event, and fields of the list below; others are dropped and named
foreign line  of Celery, kombu, store, urllib3: the sentence as their authors wrote it,
              without what they filled in
both          exceptions as types and places; one renderer, standard error
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from worker.reporting.redaction import Failure, failures, redacted
from worker.settings import Settings

OURS: Final = "tiktok_events"
"""Root of our own loggers' names."""

HIDDEN: Final = "[hidden]"

_TASK: Final = re.compile(r"tiktok_events\.\w+")
_SERVER: Final = re.compile(r"((?:rediss?|sentinel)://)(?:[^@/\s]*@)?([\w.-]+(?::\d+)?)(?=[/?]|$)")
_WORD: Final = re.compile(r"[\w.: -]{1,200}", re.ASCII)


def configure_logging(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Send every log line of this process, and of those it forks, through one renderer.

    Args:
        settings: for `log_format` and `log_level`.
        stream: where to write; default: standard error as it is when a line is written.
    """
    out = sys.stderr if stream is None else stream
    as_json = settings.log_format == "json" or (settings.log_format is None and not out.isatty())
    handler = _Handler(stream)
    handler.setFormatter(_json_lines() if as_json else _text_lines(colours=_coloured(out)))
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    _configure_standard_library(handler, level)
    _configure_structlog(level)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream, or to what standard error is at the time."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._follows_stderr = stream is None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        if self._follows_stderr:
            self.setStream(sys.stderr)
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 — because logging named it
        """Say which line is missing; logging's own handler would print its values."""
        error = type(sys.exception()).__name__
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"a log line of {record.name} was lost: {error}\n")


def _coloured(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _configure_standard_library(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level)


def _configure_structlog(level: int) -> None:
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _json_lines() -> logging.Formatter:
    return _formatter(_failures_as_data, structlog.processors.JSONRenderer(ensure_ascii=False))


def _text_lines(*, colours: bool) -> logging.Formatter:
    renderer = structlog.dev.ConsoleRenderer(
        colors=colours, sort_keys=False, timestamp_key="time", pad_event_to=0
    )
    return _formatter(_failures_as_text, renderer)


def _formatter(*rendering: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_unfilled],
        use_get_message=False,
        pass_foreign_args=True,
        processors=[_line, *rendering],
    )


def _line(_logger: Any, _method: str, given: EventDict) -> EventDict:
    """Return what may be logged, in reading order."""
    record: logging.LogRecord = given.pop("_record")
    del given["_from_structlog"]
    line: EventDict = {
        "time": _utc(record),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _text(given.pop("event", "")),
    }
    error = _error(given.pop("exc_info", None))
    line.update(_allowed(given))
    if error is not None:
        line["exception"] = failures(error)
    return line


def _utc(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


# --- fields -------------------------------------------------------------------


def _number(value: Any) -> Any:
    """Return a number; a field for numbers holds nothing else."""
    if isinstance(value, int | float):
        return value
    raise TypeError


def _word(value: Any) -> str:
    """Return an identifier of ours unchanged, though its digits may look like a phone number."""
    text = str(value)
    return text if _WORD.fullmatch(text) else redacted(text)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return " ".join(redacted(text).split())


FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "place": _word,
    "shards": _number,
    "of": _number,
    "destinations": _number,
    "destination": _word,
    "verdict": _word,
    "reason": _word,
    "code": _number,
    "http_status": _number,
    "message": _text,
    "request_id": _word,
    "events": _number,
    "blocks": _number,
    "requests": _number,
    "recoverable": _number,
    "size_bytes": _number,
    "limit_bytes": _number,
    "duration_ms": _number,
    "delay_ms": _number,
    "attempts": _number,
    "failures": _number,
    "processes": _number,
    "hour": _number,
    "replay": _number,
    "selected": _number,
    "replayed": _number,
    "skipped": _number,
    "gone": _number,
    "no_progress_s": _number,
    "limit_s": _number,
    "pid": _number,
    "ahead_s": _number,
    "alert": _word,
    "value": _number,
    "threshold": _number,
    "currency": _word,
    "error": _word,
    "path": _word,
    "resume": _word,
    "setting": _word,
    "check": _word,
    "remedy": _text,
    "version": _word,
    "address": _word,
}
"""Every field that a line may have, with the function that makes its value harmless."""


def _allowed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the allowed fields that have a value; `hidden` names the others."""
    fields: dict[str, Any] = {}
    hidden: list[str] = []
    for name, value in given.items():
        if value is None:
            continue
        try:
            fields[name] = FIELDS[name](value)
        except (KeyError, TypeError):
            hidden.append(redacted(name))
    return fields | ({"hidden": hidden} if hidden else {})


# --- exceptions ---------------------------------------------------------------


def _error(exc_info: Any) -> BaseException | None:
    """Return the exception that logging means: by itself, by ``True`` (current) or in a triple."""
    if exc_info is True:
        return sys.exception()
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    return exc_info if isinstance(exc_info, BaseException) else None


def _failures_as_data(_logger: Any, _method: str, line: EventDict) -> EventDict:
    if "exception" in line:
        line["exception"] = [_as_data(failure) for failure in line["exception"]]
    return line


def _as_data(failure: Failure) -> dict[str, Any]:
    text = {"message": failure.text} if failure.text else {}
    return {"type": failure.type, **text, "stack": [str(frame) for frame in failure.frames]}


def _failures_as_text(_logger: Any, _method: str, line: EventDict) -> EventDict:
    if "exception" in line:
        line["exception"] = "\n".join(_as_text(failure) for failure in line["exception"])
    return line


def _as_text(failure: Failure) -> str:
    head = f"{failure.type}: {failure.text}" if failure.text else failure.type
    return "\n".join([f"  {head}", *(f"    {frame}" for frame in failure.frames)])


# --- foreign lines ------------------------------------------------------------


def _unfilled(_logger: Any, _method: str, given: EventDict) -> EventDict:
    """Return a library's sentence, with its blanks filled by what cannot be personal.

    Celery writes the whole body of a message that it does not understand, and the repr of
    every exception.
    """
    message = given["_record"].msg
    filling = given.pop("positional_args", None)
    given.pop("stack_info", None)
    known = isinstance(message, str)
    given["event"] = _filled(message, filling) if known else type(message).__name__
    return given


def _filled(template: str, filling: Any) -> str:
    if not filling:
        return template
    harmless = (
        {name: _blank(value) for name, value in filling.items()}
        if isinstance(filling, Mapping)
        else tuple(_blank(value) for value in filling)
    )
    try:
        return template % harmless
    except (TypeError, ValueError, KeyError):
        return template


def _blank(value: Any) -> Any:
    """Return a number, an error's type, a server without its password, or a task's name."""
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    return _server(value) or _task(value) or HIDDEN


def _task(value: Any) -> str:
    return value if isinstance(value, str) and _TASK.fullmatch(value) else ""


def _server(value: Any) -> str:
    found = _SERVER.match(value) if isinstance(value, str) else None
    return found[1] + found[2] if found else ""
