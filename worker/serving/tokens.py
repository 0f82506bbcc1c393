"""Who may ask `tiktok-events serve` for what: the tokens of `SERVE_TOKENS_FILE`.

A line of the file is a name, a role, and the SHA-256 of a token; `#` begins a comment:

    prometheus view sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Instead of the digest, `proxy` lets in whoever an authenticating proxy names so:

    jo@shop.example edit proxy

A token is 256 random bits, so its plain digest tells nobody what it is. Who deletes a line takes
the token back at once: the file is looked at with every request.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final

from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import ENVIRONMENT_PREFIX
from tiktok_events.spool.private_file import refuse_writable_by_others
from worker.reporting.log import Log

log = Log("tiktok_events.serving")

NAME: Final = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
NAME_RULE: Final = "1 to 64 letters from A to Z, digits, and _ . @ -"
SETTING: Final = f"{ENVIRONMENT_PREFIX}SERVE_TOKENS_FILE"

_PREFIX: Final = "tte_"
"""Lets secret scanners, and people, know a token of ours."""

_MODE: Final = 0o600
_LINE: Final = re.compile(rf"({NAME.pattern})\s+(\S+)\s+(?:sha256:([0-9a-f]{{64}})|proxy)")
_NAMED: Final = "proxy:"
"""Before the name of whoever a proxy lets in, where others have a digest."""


class Role(StrEnum):
    """What a person may do; each may also do what stands before it."""

    VIEW = "view"
    OPERATE = "operate"
    EDIT = "edit"
    ERASE = "erase"

    def covers(self, needed: Role) -> bool:
        """Whether who has this role may do what needs that one."""
        roles = list(Role)
        return roles.index(self) >= roles.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose token it is: a person, or a machine.

    Attributes:
        name: for the audit.
        role: what they may do.
    """

    name: str
    role: Role


class Tokens:
    """The tokens of a file, as it stands now.

    A file that cannot be used lets nobody in: one that was changed to take a token back must not
    leave it valid by a slip.

    Args:
        path: of the file.

    Raises:
        InvalidSetting: at the start, a file that cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._people: Mapping[str, Person] = {}
        self._problem = ""
        self._look()

    def person(self, token: str) -> Person | None:
        """Whose token it is, if anybody's."""
        return self.holder(digest_of(token))

    def named(self, name: str) -> Person | None:
        """Who is let in by this name, which a proxy vouches for."""
        return self.holder(_NAMED + name)

    def holder(self, digest: str) -> Person | None:
        """Whose token has this SHA-256, if anybody's."""
        try:
            self._look()
        except InvalidSetting as error:
            self._refuse(str(error))
        return self._people.get(digest)

    def _look(self) -> None:
        """Read the file, unless it is the one that was read."""
        try:
            refuse_writable_by_others(self._path)
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                self._people = read_tokens(self._path)
                self._stamp, self._problem = stamp, ""
        except OSError as error:
            raise InvalidSetting(f"{SETTING}: {self._path}: {error.strerror}") from error

    def _refuse(self, problem: str) -> None:
        if problem != self._problem:
            log.error("tokens_file_refused", message=problem)
        self._people, self._stamp, self._problem = {}, None, problem


def read_tokens(path: Path) -> dict[str, Person]:
    """Digest → whose token it is.

    Raises:
        InvalidSetting: names every line that is wrong, and says what is allowed.
        OSError: it cannot be read.
    """
    people: dict[str, Person] = {}
    problems: list[str] = []
    for number, line in _entries(path):
        try:
            digest, person = _entry(line)
            if any(person.name == other.name for other in people.values()):
                raise ValueError(f"there are two tokens of {person.name}")  # noqa: TRY301 — because all problems of a line are told alike
        except ValueError as error:
            problems.append(f"{SETTING}: {path}, line {number}: {error}")
        else:
            people[digest] = person
    if problems:
        raise InvalidSetting("\n".join(problems))
    return people


def make_token(path: Path, name: str, role: Role, *, replace: bool = False) -> str:
    """Note a new token in the file, which is made if there is none; returns the token.

    Args:
        path: of the file.
        name: whose it is.
        role: what they may do.
        replace: take the present token of that name back.

    Raises:
        InvalidSetting: the file cannot be used, or has a token of that name.
        OSError: it cannot be written.
    """
    path.touch(_MODE)
    known = {person.name for person in read_tokens(path).values()}
    if name in known and not replace:
        raise InvalidSetting(f"{path} has a token of {name}; --replace takes that back")
    token = _PREFIX + secrets.token_urlsafe(32)
    kept = [line for line in path.read_text().splitlines() if line.split()[:1] != [name]]
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(_MODE)
    fresh.write_text("\n".join([*kept, f"{name} {role} sha256:{digest_of(token)}", ""]))
    fresh.replace(path)
    return token


def _entries(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are no comment, with their numbers."""
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        if entry := line.partition("#")[0].strip():
            yield number, entry


def _entry(line: str) -> tuple[str, Person]:
    if not (found := _LINE.fullmatch(line)):
        raise ValueError("must be a name, a role, and sha256: with 64 digits from 0 to f, or proxy")
    name, role, digest = found.groups()
    if role not in list(Role):
        raise ValueError(f"the role must be one of {', '.join(Role)}")
    return digest or _NAMED + name, Person(name, Role(role))


def digest_of(token: str) -> str:
    """What stands in the file in the place of a token."""
    return sha256(token.encode()).hexdigest()
