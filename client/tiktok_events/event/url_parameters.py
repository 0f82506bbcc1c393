"""Takes named parameters out of a URL; all that stays keeps its bytes.

A URL may carry what nobody wants to share: an address in a newsletter's link, the words of a
search. TikTok's terms forbid sensitive data in URLs and their parameters, yet want the page's
URL whole, so that the sender says which parameters stay at home. The click id always goes along:
without it there is no attribution.

Source: https://ads.tiktok.com/help/article/supported-standard-events (sensitive data) and
https://business-api.tiktok.com/portal/docs?id=1771100879787009 (ttclid), read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

ALL: Final = "*"
"""In place of a name: every parameter but the click id."""

CLICK_ID: Final = "ttclid"
URL_FIELDS: Final = ("url", "referrer")

# Old servers part parameters with semicolons, and a second question mark is a common mistake.
_PIECES: Final = re.compile(r"(^|[;?])([^;?]*)")


def parameter_names(value: Any) -> frozenset[str]:
    """Names as a setting gives them, in lower case: a list, or one text parted by commas.

    Raises:
        ValueError: no name, something that is none, or the click id.
    """
    given = value.split(",") if isinstance(value, str) else value
    try:
        names = frozenset(name.strip().casefold() for name in given)
    except (TypeError, AttributeError):
        names = frozenset()
    if not names or not all(name and name.isprintable() for name in names):
        raise ValueError(f"must be names of URL parameters, parted by commas, or {ALL} for all")
    if CLICK_ID in names:
        raise ValueError(f"must not name {CLICK_ID}: without it there is no attribution")
    return names


def strip_page(page: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """A copy of an event's ``page`` whose URLs are without the parameters."""
    return {
        key: strip_parameters(value, names)
        if key in URL_FIELDS and isinstance(value, str)
        else value
        for key, value in page.items()
    }


def strip_parameters(url: str, names: frozenset[str]) -> str:
    """Take parameters out of the query and the fragment of a URL.

    A name counts in any case, percent-encoded too; ``email`` also stands for ``email[]``.
    A URL inside a parameter's value is not looked into.

    Args:
        url: any text.
        names: in lower case, or ``ALL``.
    """
    address, hash_, fragment = url.partition("#")
    path, mark, query = address.partition("?")
    return (
        path + _joined(mark, query, names) + (hash_ and _joined(hash_, fragment, names, route=True))
    )


def _joined(mark: str, parameters: str, names: frozenset[str], *, route: bool = False) -> str:
    """What stays of a part of the URL, with the mark before it, unless nothing stays."""
    stays = _route(parameters, names) if route else _stripped(parameters, names)
    return mark + stays if stays or stays == parameters else ""


def _route(fragment: str, names: frozenset[str]) -> str:
    """A fragment is an anchor, parameters, or the path of an application with a query."""
    path, mark, query = fragment.partition("?")
    if mark:
        return path + _joined(mark, query, names)
    return _stripped(fragment, names) if "=" in fragment else fragment


def _stripped(parameters: str, names: frozenset[str]) -> str:
    chunks = parameters.split("&")
    kept = [stays for chunk in chunks if (stays := _chunk(chunk, names)) is not None]
    return "&".join(kept)


def _chunk(chunk: str, names: frozenset[str]) -> str | None:
    """What stays between two ``&``; ``None`` if nothing does."""
    if _name(chunk) == CLICK_ID:
        return chunk
    found: list[tuple[str, str]] = _PIECES.findall(chunk)
    kept = [(mark, piece) for mark, piece in found if not _is_named(piece, names)]
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


def _name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0]).strip().casefold()
