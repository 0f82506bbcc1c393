"""Take named parameters out of a URL, without changing a byte of the rest.

A URL may carry what must not be shared: an address from a newsletter's link, the words of a search.
TikTok's terms forbid sensitive data in URLs and their parameters, yet want the page's whole URL, so
the sender names the parameters to leave out. The click id is sent unless a policy removes it:
without it there is no attribution.

Source: https://ads.tiktok.com/help/article/supported-standard-events (sensitive data) and
https://business-api.tiktok.com/portal/docs?id=1771100879787009 (ttclid), read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import takewhile
from typing import Any, Final, TypeAlias
from urllib.parse import unquote_plus

from tiktok_events.event.addresses import decodes_to_address, hides_address, holds_address, unquoted
from tiktok_events.event.key_names import ANYWHERE, meaning

ALL: Final = "*"
"""Stands for a name: every parameter but the click id."""

CLICK_ID: Final = "ttclid"
URL_FIELDS: Final = ("url", "referrer")

Goes: TypeAlias = Callable[[str], bool]
"""Returns whether a parameter, ``name=value`` as in the URL, is taken out."""

_PEOPLE: Final = ANYWHERE - {CLICK_ID, "ttp"}
HARMLESS: Final[set[str]] = {CLICK_ID}
"""Names of parameters that were checked and are not personal: an application has few."""

BEGINNINGS: Final[set[str]] = set()
"""URLs of pages, with their advertising parameters, that were found harmless as a whole: all
visitors of a campaign bring the same URL, so it is not personal and may be cached.
"""

_is_campaign: Final = re.compile(r"(?=.{,300}\Z)utm_\w+=[^&]*(?:&utm_\w+=[^&]*)*").fullmatch
_MOST_HARMLESS: Final = 4_096
_LONGEST_BEGINNING: Final = 400
_is_word: Final = re.compile(r"[A-Za-z0-9_.-]*").fullmatch
_plain_name: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}").fullmatch
_URL_BEGINS: Final = ("https://", "http://", "//", "/")
_SHORTEST_CODED: Final = 16
_NESTED: Final = re.compile(r"[?&;#]")
_plus_number: Final = re.compile(r"\+[1-9][0-9 ().-]{7}").search
_reaches_somebody: Final = re.compile(
    r"\s*(?:tel|sms|mms|fax|mailto|callto|facetime(?:-audio)?|skype|whatsapp|viber|sip)s?:"
    r"|\s*(?:https?:)?//(?:www\.)?wa\.me/",
    re.IGNORECASE,
).match

_CLICK_ID_PARAMETER: Final = re.compile(rf"(?<=[?&;#]){CLICK_ID}=[^&#]*&?", re.IGNORECASE)

# Old servers separate parameters by semicolons; a second question mark is a common mistake.
_PIECES: Final = re.compile(r"(^|[;?])([^;?]*)")


def parameter_names(value: Any) -> frozenset[str]:
    """Return the names in a setting, in lower case; it is a list, or a text with commas.

    Raises:
        ValueError: there is no name, or a name is invalid or that of the click id.
    """
    given = value.split(",") if isinstance(value, str) else value
    try:
        names = frozenset(name.strip().casefold() for name in given)
    except (TypeError, AttributeError):
        names = frozenset()
    if not names or not all(name and name.isprintable() for name in names):
        raise ValueError(f"must be names of URL parameters, separated by commas, or {ALL} for all")
    if CLICK_ID in names:
        raise ValueError(f"must not name {CLICK_ID}: without it there is no attribution")
    return names


def is_link(text: str) -> bool:
    """Return whether a text is a URL, a path with parameters, or a link such as ``mailto:``."""
    return text.startswith(_URL_BEGINS) or _reaches_somebody(text) is not None


def strip_people(url: str) -> str:
    """Remove from a URL whatever identifies a person, in any encoding.

    This removes parameters of the query and the fragment whose name means a match key or whose
    value holds an e-mail address, the part of the path from such an address on, and a user name
    before the host. The click id stays. Of a ``mailto:`` or similar link nothing stays.
    """
    if _reaches_somebody(url):
        return ""
    address, hash_, fragment = url.partition("#")
    path, mark, query = address.partition("?")
    kept = _path(path) + _joined(mark, query, _names_somebody)
    return kept + (hash_ and _joined(hash_, fragment, _names_somebody, route=True))


def without_click_id(url: str) -> str:
    """Return a URL without its click id, for a visitor whose click id may not be shared."""
    kept = _CLICK_ID_PARAMETER.sub("", url)
    return url if kept == url else kept.rstrip("?&;#")


def strip_page(page: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Return a copy of an event's ``page`` whose URLs lack the named parameters."""
    return {
        key: strip_parameters(value, names)
        if key in URL_FIELDS and isinstance(value, str)
        else value
        for key, value in page.items()
    }


def strip_parameters(url: str, names: frozenset[str]) -> str:
    """Take parameters out of the query and the fragment of a URL.

    A name matches in any case, and percent-encoded; ``email`` also stands for ``email[]``. A URL
    inside a parameter's value is not searched.

    Args:
        url: any text.
        names: in lower case, or ``ALL``.
    """
    address, hash_, fragment = url.partition("#")
    path, mark, query = address.partition("?")
    goes = partial(_is_named, names=names)
    return (
        path + _joined(mark, query, goes) + (hash_ and _joined(hash_, fragment, goes, route=True))
    )


def _joined(mark: str, parameters: str, goes: Goes, *, route: bool = False) -> str:
    """Return what is left of a part of the URL, behind its separator; empty if nothing is."""
    stays = _route(parameters, goes) if route else _stripped(parameters, goes)
    return mark + stays if stays or stays == parameters else ""


def _route(fragment: str, goes: Goes) -> str:
    """Read a fragment as an anchor, as parameters, or as an application's path with a query."""
    path, mark, query = fragment.partition("?")
    if mark:
        return path + _joined(mark, query, goes)
    if "=" in fragment:
        return _stripped(fragment, goes)
    return "" if goes(fragment) and not _is_anchor(fragment) else fragment


def _stripped(parameters: str, goes: Goes) -> str:
    chunks = parameters.split("&")
    kept = [stays for chunk in chunks if (stays := _chunk(chunk, goes)) is not None]
    return "&".join(kept)


def _chunk(chunk: str, goes: Goes) -> str | None:
    """Return what stays between two ``&``, or ``None`` if nothing does."""
    if _name(chunk) == CLICK_ID:
        return chunk
    found: list[tuple[str, str]] = _PIECES.findall(chunk)
    kept = [(mark, piece) for mark, piece in found if not goes(piece)]
    if len(kept) == len(found):
        return chunk
    if not kept:
        return None
    return kept[0][1] + "".join(mark + piece for mark, piece in kept[1:])


def _is_named(piece: str, names: frozenset[str]) -> bool:
    name = _name(piece)
    if not piece or name == CLICK_ID:
        return False
    return ALL in names or name in names or name.partition("[")[0] in names


def names_nobody(url: str) -> bool:
    """Return whether a URL is certainly harmless: every event asks, so it takes a microsecond.

    Only a URL of the usual shape can be, with ``name=value`` between the question mark and
    ampersands and with names that have been checked before.
    """
    begins, _, last = url.rpartition("&")
    if (begins or url) in BEGINNINGS:
        return not begins or _is_harmless_parameter(last)
    address, mark, query = url.partition("?")
    if address[:4] != "http" or _has_signs(address):
        return False
    if mark and not all(map(_is_harmless_parameter, query.split("&"))):
        return False
    if not mark or _is_campaign(begins[len(address) + 1 :]):
        _remember(begins or url)
    return True


def _remember(begins: str) -> None:
    if len(begins) <= _LONGEST_BEGINNING:
        if len(BEGINNINGS) >= _MOST_HARMLESS:  # campaigns change: old URLs make room for new ones
            BEGINNINGS.clear()
        BEGINNINGS.add(begins)


def _has_signs(text: str) -> bool:
    return (
        "@" in text
        or "wa.me/" in text
        or "#" in text
        or "%" in text
        or ("+" in text and _plus_number(text) is not None)
    )


def _is_harmless_parameter(parameter: str) -> bool:
    name, equals, value = parameter.partition("=")
    if not equals or name not in HARMLESS:
        return False
    if not _is_word(value) and ("=" in value or ";" in value or "?" in value or _has_signs(value)):
        return False
    return len(value) < _SHORTEST_CODED or not decodes_to_address(value)


def _names_somebody(piece: str) -> bool:
    """Return whether a parameter is personal by its name, its value, or one within its value."""
    name, _, value = piece.lstrip("!/").partition("=")
    if not piece or name == CLICK_ID:
        return False
    if meaning(unquoted(name)) in _PEOPLE:  # an empty value stays, but is no proof
        return bool(value)
    if hides_address(name):
        return True
    if len(HARMLESS) < _MOST_HARMLESS and _plain_name(name):
        HARMLESS.add(name)
    return hides_address(value) or _nests_somebody(value)


def _nests_somebody(value: str) -> bool:
    """Return whether a value is a URL that has a parameter named like a match key."""
    if "%" not in value and "=" not in value:
        return False
    pieces = (piece.partition("=") for piece in _NESTED.split(unquoted(value)))
    return any(inner and meaning(name) in _PEOPLE for name, _, inner in pieces)


def _path(address: str) -> str:
    """Return scheme, host and path without a user name, cut before a part with an address."""
    scheme, slashes, rest = address.rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2] if slashes else host
    parts = path.split("/")
    kept = list(takewhile(lambda part: not holds_address(part), parts))
    end = "/".join(kept) if len(kept) == len(parts) else "".join(f"{part}/" for part in kept)
    return scheme + slashes + host + slash + end


def _is_anchor(fragment: str) -> bool:
    return not hides_address(fragment)


def _name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0]).strip().casefold()
