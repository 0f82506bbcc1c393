"""Tokens and limits of each destination: from the environment and the destinations file."""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Callable, Container, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tiktok_events.errors import InvalidSetting, shown
from tiktok_events.event.destination import Destination, checked_destination, pixel_code
from tiktok_events.spool.private_file import refuse_writable_by_others
from worker.delivery.file_problems import (
    MissingVariable,
    Problem,
    Problems,
    UnusableDestinations,
)
from worker.delivery.labels import checked_label
from worker.outbox.settlement import TokenLimit
from worker.reporting.log import Log
from worker.reporting.redaction import Ours
from worker.setting_checks import token
from worker.settings import Settings

log = Log("tiktok_events.destinations")

Noting = Callable[[], AbstractContextManager[None]]
"""Notes what is wrong within a block, and lets the next one begin."""

LOOK_EVERY_S: Final = 1.0
"""How often the file's time stamp is looked at."""

OVERRIDABLE: Final = (
    "batch_events",
    "batch_bytes",
    "max_in_flight",
    "retry_base_s",
    "retry_cap_s",
    "requests_per_second",
    "strict",
)


ALLOWED: Final = frozenset(
    {"event_source", "event_source_id", "label", "access_token", "access_token_env", *OVERRIDABLE}
)
"""What a table of the file may hold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that a destination may override, under the same names."""

    batch_events: int
    batch_bytes: int
    max_in_flight: int
    retry_base_s: float
    retry_cap_s: float
    requests_per_second: float
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The token and the limits with which one destination is sent to.

    Attributes:
        access_token: ``None`` when nobody configured one.
        limits: its own, or the settings'.
        token_limit: how often its token may be used; whoever shares the token shares its slots.
    """

    access_token: str | None = field(repr=False)
    limits: Limits
    token_limit: TokenLimit = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        digest = sha256((self.access_token or "").encode()).hexdigest()[:16]
        # Asked for with every claim and settlement, so digested once.
        object.__setattr__(self, "token_limit", TokenLimit(digest, self.limits.requests_per_second))


class Destinations:
    """Accounts by destination; a changed file is read again within a second.

    A file that became invalid changes nothing: the last good one stays in force
    and `problem`, like one line of the log, says what is wrong.

    Raises:
        InvalidSetting: at the start, a file that cannot be used.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._path = settings.destinations_file
        self._default = Account(
            settings.access_token,
            Limits(**{name: getattr(settings, name) for name in OVERRIDABLE}),
        )
        self._looked = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._accounts: dict[tuple[str, str], Account] = {}
        self.problem: str | None = None
        if self._path is not None:
            self._look(self._path)

    def account(self, destination: Destination) -> Account:
        """The account of a destination; test event codes share that of their source."""
        self._refresh()
        source = (destination.event_source, destination.event_source_id)
        return self._accounts.get(source, self._default)

    def configured(self) -> list[tuple[str, str]]:
        """(event_source, event_source_id) of the file's destinations."""
        self._refresh()
        return list(self._accounts)

    def _refresh(self) -> None:
        now = time.monotonic()
        if self._path is None or now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        try:
            self._look(self._path)
        except InvalidSetting as error:
            self._note(str(error))
        else:
            self._note(None)

    def _note(self, problem: str | None) -> None:
        """Say once that the file cannot be used, and once that it can again."""
        if problem is not None and problem != self.problem:
            log.error("destinations_file_refused", message=Ours(problem))
        if problem is None and self.problem is not None:
            log.info("destinations_file_accepted")
        self.problem = problem

    def _look(self, path: Path) -> None:
        """Read the file, unless it is the one that is in force."""
        try:
            _refuse_open(path)
            stamp = _stamp(path)
            if stamp != self._stamp:
                self._accounts = self._read(path)
                self._stamp = stamp
        except OSError as error:
            raise _refusal(f"{path} cannot be read: {error.strerror}") from None

    def _read(self, path: Path) -> dict[tuple[str, str], Account]:
        accounts: dict[tuple[str, str], Account] = {}
        problems = Problems(path)
        for number, table in enumerate(_tables(path), 1):
            noting = partial(problems.of_table, number)
            access_token = None
            with noting():
                access_token = self._token(table)
            limits = self._limits(table, noting)
            with noting():
                accounts[_source(table, accounts)] = Account(access_token, limits)
            _check_rest(table, noting)
        problems.refuse()
        return accounts

    def _limits(self, table: Mapping[str, Any], noting: Noting) -> Limits:
        limits = self._default.limits
        for name in OVERRIDABLE:
            if name in table:
                with noting():
                    limits = replace(limits, **{name: _checked_limit(name, table[name])})
        with noting():
            _refuse_contradiction(limits)
        return limits

    def _token(self, table: Mapping[str, Any]) -> str:
        if ("access_token" in table) == ("access_token_env" in table):
            raise ValueError("give either access_token or access_token_env")
        if "access_token" in table:
            return _checked_token("access_token", table["access_token"])
        variable = str(table["access_token_env"])
        if not self._environment.get(variable):
            raise MissingVariable(variable)
        return _checked_token(variable, self._environment[variable])


def _tables(path: Path) -> list[dict[str, Any]]:
    """The [[destinations]] of the file."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refusal(f"{path} is not TOML: {error}") from None
    tables = document.get("destinations")
    if (
        set(document) != {"destinations"}
        or not isinstance(tables, list)
        or not all(isinstance(table, dict) for table in tables)
    ):
        raise _refusal(f"{path} must hold [[destinations]] tables and nothing else")
    return tables


def _refusal(sentence: str) -> UnusableDestinations:
    return UnusableDestinations([Problem(sentence)])


def _refuse_open(path: Path) -> None:
    try:
        refuse_writable_by_others(path)
    except InvalidSetting as error:
        raise UnusableDestinations([Problem(str(error), f"chmod go-w {path}")]) from None


def _source(table: Mapping[str, Any], known: Container[tuple[str, str]]) -> tuple[str, str]:
    destination = checked_destination(
        table.get("event_source", "web"), table.get("event_source_id")
    )
    source = (destination.event_source, destination.event_source_id)
    if source[0] == "web":
        try:
            pixel_code(source[1])
        except ValueError as error:
            raise ValueError(f"event_source_id: {error}{shown(source[1])}") from None
    if source in known:
        raise ValueError("given twice")
    return source


def _check_rest(table: Mapping[str, Any], noting: Noting) -> None:
    with noting():
        _refuse_unknown(table)
    with noting():
        if "label" in table:
            checked_label(table["label"])


def _refuse_contradiction(limits: Limits) -> None:
    if limits.retry_cap_s < limits.retry_base_s:
        raise ValueError(f"retry_cap_s must not be below retry_base_s = {limits.retry_base_s:g}")


def _refuse_unknown(table: Mapping[str, Any]) -> None:
    unknown = sorted(set(table) - ALLOWED)
    if unknown:
        raise ValueError(f"{unknown[0]} is not known; allowed are {', '.join(sorted(ALLOWED))}")


def _checked_token(name: str, value: Any) -> str:
    try:
        return token(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _checked_limit(name: str, value: Any) -> Any:
    check = next(one for one in fields(Settings) if one.name == name).metadata["check"]
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}{shown(value)}") from None


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
