"""Checks of settings: each returns the typed value, or says what is allowed."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tiktok_events.connection.discovery_address import (
    FORMS,
    DiscoveryAddress,
    is_cluster,
    refuse_kind,
)
from tiktok_events.connection.tls import check_database, check_files, url_arguments

_SWITCH: Final = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(
    ("0", "false", "no", "off"), False
)

Check = Callable[[Any], Any]
"""Returns the typed value, or raises ValueError with what is allowed ("must be …")."""


def whole(low: int, high: int) -> Check:
    """Return a check for a whole number within bounds."""

    def check(value: Any) -> int:
        try:
            number = int(value) if isinstance(value, str) else operator.index(_no_flag(value))
        except (TypeError, ValueError):
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return number

    return check


def power_of_two(high: int) -> Check:
    """Return a check for a power of two, 1 included."""
    bounded = whole(1, high)

    def check(value: Any) -> int:
        try:
            given: int = bounded(value)
        except ValueError:
            given = 0
        if given.bit_count() != 1:
            raise ValueError(f"must be a power of two from 1 to {high:,}")
        return given

    return check


def number(low: float, high: float, unit: str) -> Check:
    """Return a check for a number of some unit, within bounds."""

    def check(value: Any) -> float:
        try:
            amount = float(_no_flag(value))
        except (TypeError, ValueError, OverflowError):
            amount = low - 1
        if not low <= amount <= high:
            raise ValueError(f"must be a number of {unit} from {low:g} to {high:g}")
        return amount

    return check


def seconds(low: float, high: float) -> Check:
    """Return a check for a number of seconds, within bounds."""
    return number(low, high, "seconds")


def days(low: float, high: float) -> Check:
    """Return a check for a number of days, within bounds."""
    return number(low, high, "days")


def _no_flag(value: Any) -> Any:
    """Refuse a boolean where a number belongs: Python counts True as 1."""
    if isinstance(value, bool):
        raise TypeError
    return value


def address(*schemes: str) -> Check:
    """Return a check for a URL with one of the schemes; errors hide it: it may be secret."""

    def check(value: Any) -> str:
        given = _begins(str(value).strip(), schemes)
        if not _is_url(given):
            raise ValueError("must be a URL: a host, a port up to 65535, no blanks")
        return given

    return check


def _begins(given: str, schemes: Sequence[str]) -> str:
    """Return the URL if it has one of the schemes: `a://`, `a:// or b://`, `a://, b:// or c://`."""
    known = [f"{scheme}://" for scheme in schemes]
    if not given.startswith(tuple(known)):
        listed = " or ".join(filter(None, (", ".join(known[:-1]), known[-1])))
        raise ValueError(f"must begin with {listed}")
    return given


def redis_address(*schemes: str, cluster: bool = True) -> Check:
    """Return a check for one server's URL with such a scheme, or a form of `discovery_address`."""
    forms = [form for form in FORMS if cluster or not is_cluster(f"{form}://")]
    one_server = address(*schemes, *forms)

    def check(value: Any) -> str:
        given = str(value).strip()
        refuse_kind(given, cluster=cluster)
        discovery = DiscoveryAddress.parse(_begins(given, (*schemes, *forms)))
        if discovery is None:
            check_database(given)
        check_files(url_arguments(one_server(given)) if discovery is None else discovery.primary)
        return given

    return check


def _is_url(given: str) -> bool:
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return given.isprintable() and " " not in given and bool(host or parts.scheme == "unix")


def one_of(*words: str) -> Check:
    """Return a check for one of some words, in any case."""

    def check(value: Any) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return word

    return check


def yes_or_no(value: Any) -> bool:
    """Read a switch, in any case."""
    word = str(value).strip().lower()
    if word not in _SWITCH:
        raise ValueError(f"must be one of {', '.join(_SWITCH)}")
    return _SWITCH[word]


def text(value: Any) -> str:
    """Return any printable text that is not blank."""
    given = str(value).strip()
    if not given or not given.isprintable():
        raise ValueError("must be printable text on one line")
    return given


def namespace(value: Any) -> str:
    """Return a namespace: what keys begin with, without characters that keys use themselves."""
    given = str(value).strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", given):
        raise ValueError("must be 1 to 64 letters from A to Z, digits, _ and -")
    return given


def file_path(value: Any) -> Path:
    """Return the path of a file that exists or will exist."""
    return Path(text(value)).absolute()
