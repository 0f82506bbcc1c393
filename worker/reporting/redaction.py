"""Keep personal data out of what leaves the process: logs, Sentry, dead letters, answers.

    redacted   a text that may quote values: patterns of them become words
    failures   an exception: its types and places, and its text only where that is harmless

Names and customer numbers have no pattern, so a text of unknown origin is not safe after redaction:
logs and `sentry` do without such texts where they can.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.errors import TikTokEventsError

MAX_TEXT: Final = 500
"""How many characters of a text are kept."""

_READ: Final = 4 * MAX_TEXT
"""How many characters are searched: an answer may be a megabyte, and every pattern reads all of it.
"""

_MATCH_KEYS: Final = (
    "e?mail(?:_address)?|phone(?:_number)?|external_?id|(?:first|last|full)?_?name|city|state"
    "|country|zip(?:_code)?|address|ip|user_agent|ttclid|ttp|access[-_ ]?token|authorization"
    "|password|secret"
)

_PATTERNS: Final = (
    # Within quotes only: our own sentences say "user.email: must be …".
    (
        re.compile(
            rf"(?i)\b({_MATCH_KEYS})(\\*[\"']?\s*[:=]\s*)(?:\[\s*)?\\*([\"']).*?(?:\\*\3(?:\s*\])?|$)"
        ),
        r"\1\2[value]",
    ),
    (re.compile(r"(?<=://)[^\s/@]*@"), "[login]@"),
    (re.compile(r"(?i)\b(Bearer|Basic)\s+[\w.+/=~-]{8,}"), r"\1 [token]"),
    # The lookbehind makes it linear: a run of other characters is tried once.
    (
        re.compile(
            r"(?<![^\s@\uff20\"'<>(),;:=])[^\s@\uff20\"'<>(),;:=]++(?:(?<!\[login])@|\uff20)[^\s\"'<>(),;]+"
            r"|[\w.+-]++%40[\w.-]+"
        ),
        "[e-mail]",
    ),
    (re.compile(r"(?<![A-Fa-f0-9])[A-Fa-f0-9]{32,}"), "[digest]"),
)

_NUMBERS: Final = re.compile(
    r"(?P<kept>"
    r"(?<![A-Za-z0-9])(?=\d*+[A-Z])[A-Z0-9]{18,24}(?![A-Za-z0-9])"
    r"|(?<!\d)\d{17,20}(?!\d)"
    r"|(?:(?<=://)|(?<=@))(?:\d{1,3}\.){3}\d{1,3}"
    r"|(?<![\d.+])(?:\d{1,3}\.){3}\d{1,3}:\d{1,5}(?!\d)"
    r"|(?<![\d.+])(?:(?:127|10)\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2}"
    r"(?![\d.])"
    r"|(?<!\d)20\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d(?=:))?(?!\d)"
    r")|\+?\d[\d\s()./-]{6,}\d"
)
"""Phone and other long numbers. What stays: a pixel code, though its digits may stand in a row; the
id of an app or an event set, longer than any phone number; the address of a server, which has a
port or is in a URL or a private network, as no visitor's is; a date."""

MAX_CHAIN: Final = 5
"""How many exceptions of a chain of causes are reported."""

MAX_FRAMES: Final = 40
"""How many frames of one exception are reported, the innermost."""


class Ours(str):
    """A sentence of our own, whose numbers are kept wherever it is told."""

    __slots__ = ()


def redacted(text: str, *, ours: bool = False) -> str:
    """Return the text without e-mail addresses, long numbers, tokens and digests, and shortened.

    API messages may quote what they refuse. A quoted value after the name of a match key is removed
    too.

    Args:
        text: of any origin.
        ours: whether the text is our own, as an `Ours` is: its numbers are then times, limits and
            servers' addresses, and stay.

    Warning: a name or a customer number in the middle of a sentence stays.
    """
    ours = ours or isinstance(text, Ours)
    if len(text) > _READ:
        # Not in the middle of a word: half an address has no pattern.
        text = text[:_READ].rpartition(" ")[0] or "[one long word]"
    for pattern, word in _PATTERNS:
        text = pattern.sub(word, text)
    if not ours:
        text = _NUMBERS.sub(lambda found: found["kept"] or "[number]", text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in the code: without variables, source, or folders of the machine.

    Attributes:
        file: its path from its package down, such as `worker/delivery/loop.py`.
        line: number of the line in the file.
        function: name of the function.
        module: dotted name of the module.
    """

    file: str
    line: int
    function: str
    module: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.function}"


@dataclass(frozen=True, slots=True)
class Failure:
    """One exception without the values that it met.

    Attributes:
        module: module of its type.
        kind: name of its type.
        text: what it says, if that is known to be harmless; else empty.
        frames: the frames, outermost first.
    """

    module: str
    kind: str
    text: str
    frames: tuple[Frame, ...]

    @property
    def type(self) -> str:
        """The type as one would import it."""
        return self.kind if self.module == "builtins" else f"{self.module}.{self.kind}"

    @property
    def place(self) -> str:
        """Where the exception was raised; empty if it never was."""
        return str(self.frames[-1]) if self.frames else ""


def failures(error: BaseException) -> tuple[Failure, ...]:
    """Return the exception, then those that led to it."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain and len(chain) < MAX_CHAIN:
        chain.append(current)
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return tuple(_failure(one) for one in chain)


def _failure(error: BaseException) -> Failure:
    kind = type(error)
    frames = tuple(_frames(error))[-MAX_FRAMES:]
    return Failure(kind.__module__, kind.__qualname__, _harmless_text(error), frames)


def _harmless_text(error: BaseException) -> str:
    """Return what an exception says, if its authors never put values of events into it.

    Others quote what they met: `KeyError('jo@example.com')`, or a name, which nobody
    could tell from a word.
    """
    if isinstance(error, TikTokEventsError | RedisConnectionError | RedisTimeoutError):
        return redacted(str(error), ours=True)
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return os.strerror(error.errno)
    return ""


def _frames(error: BaseException) -> Iterator[Frame]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        yield Frame(_file(frame, module), line, frame.f_code.co_name, module)


def _file(frame: FrameType, module: str) -> str:
    """Return the file from its package down: the folders above name machines and people."""
    path = Path(frame.f_code.co_filename)
    depth = module.count(".") + (2 if path.stem == "__init__" else 1)
    return "/".join(path.parts[-depth:])
