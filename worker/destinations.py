"""Tokens and limits of each destination: from the environment and the destinations file."""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from tiktok_events.destination import Destination, checked_destination
from tiktok_events.errors import InvalidDestination, InvalidSetting
from worker.settings import Settings

LOOK_EVERY_S: Final = 1.0
"""How often the file's time stamp is looked at."""

OVERRIDABLE: Final = (
    "batch_events",
    "batch_bytes",
    "max_in_flight",
    "retry_base_s",
    "retry_cap_s",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a destination may differ in; the settings of the same names."""

    batch_events: int
    batch_bytes: int
    max_in_flight: int
    retry_base_s: float
    retry_cap_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """How one destination is sent to.

    Attributes:
        access_token: ``None`` when nobody configured one.
        limits: its own, or the settings'.
    """

    access_token: str | None = field(repr=False)
    limits: Limits


class Destinations:
    """Accounts by destination; a changed file is read again within a second.

    A file that became invalid changes nothing: the last good one stays in force
    and `problem` says what is wrong.

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
            self._stamp = _stamp(self._path)
            self._accounts = self._read(self._path)

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
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._accounts = self._read(self._path)
                self._stamp, self.problem = stamp, None
        except (InvalidSetting, OSError) as error:
            self.problem = str(error)

    def _read(self, path: Path) -> dict[tuple[str, str], Account]:
        try:
            document = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidSetting(f"{path.name} is not TOML: {error}") from None
        tables = document.get("destinations")
        if not isinstance(tables, list) or set(document) != {"destinations"}:
            raise InvalidSetting(f"{path.name} must hold [[destinations]] tables and nothing else")
        accounts: dict[tuple[str, str], Account] = {}
        for number, table in enumerate(tables, 1):
            try:
                source, account = self._table(table)
            except (InvalidDestination, ValueError) as error:
                raise InvalidSetting(f"{path.name}, destination {number}: {error}") from None
            if source in accounts:
                raise InvalidSetting(f"{path.name}, destination {number}: given twice")
            accounts[source] = account
        return accounts

    def _table(self, table: Mapping[str, Any]) -> tuple[tuple[str, str], Account]:
        allowed = {"event_source", "event_source_id", "access_token", "access_token_env"}
        unknown = sorted(set(table) - allowed - set(OVERRIDABLE))
        if unknown:
            known = ", ".join(sorted(allowed | set(OVERRIDABLE)))
            raise ValueError(f"{unknown[0]} is not known; allowed are {known}")
        destination = checked_destination(
            table.get("event_source", "web"), table.get("event_source_id")
        )
        limits = {
            name: _checked_limit(name, table[name])
            if name in table
            else getattr(self._default.limits, name)
            for name in OVERRIDABLE
        }
        source = (destination.event_source, destination.event_source_id)
        return source, Account(self._token(table), Limits(**limits))

    def _token(self, table: Mapping[str, Any]) -> str:
        if ("access_token" in table) == ("access_token_env" in table):
            raise ValueError("give either access_token or access_token_env")
        if "access_token" in table:
            token = table["access_token"]
        else:
            variable = str(table["access_token_env"])
            token = self._environment.get(variable)
            if not token:
                raise ValueError(f"the variable {variable} named by access_token_env is not set")
        if not isinstance(token, str) or not token.strip() or not token.isprintable():
            raise ValueError("the access token must be printable text")
        return token.strip()


def _checked_limit(name: str, value: Any) -> Any:
    check = next(one for one in fields(Settings) if one.name == name).metadata["check"]
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
