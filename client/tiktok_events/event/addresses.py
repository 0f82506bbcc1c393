"""E-mail addresses in texts: read where one is meant, found where none may stand.

A parameter may hide one by percent-encoding, once or several times, as HTML or script escapes, in
base64 or in hex: all of these are undone before the search.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from typing import Final
from urllib.parse import unquote

_AROUND: Final = r"\s@,;<>()\[\]\"|:"
# Letters one by one in a class are slow, ranges are not.
is_usual_address: Final = re.compile(r"[a-z0-9._%+-]+@[a-z0-9.-]+(?<!\.)").fullmatch
_is_plain: Final = re.compile(rf"[^{_AROUND}/?&']+@[^{_AROUND}/?&']+(?<!\.)").fullmatch
# The lookbehind makes it linear: a run of other characters is tried once.
_READ: Final = re.compile(rf"(?<![^{_AROUND}?&/'])[^{_AROUND}?&/]++@[^{_AROUND}?&/]+")

_LOCAL: Final = r"[^\s@<>()\[\]\"|:;,=?&/#\\]"
_FOUND: Final = re.compile(rf"(?<!{_LOCAL}){_LOCAL}++@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{{2,}}")
_ESCAPED_AT: Final = re.compile(
    r"(?:%(?:25)*|=|\\u00|\\x|&#x)40;?|&#64;?|&commat;|\uff20|\ufe6b", re.IGNORECASE
)
_ODD_ATS: Final = str.maketrans("\uff20\ufe6b", "@@")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")
_BEGIN_ASCII: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef")
"""In base64, each third byte begins a letter of these if it is ASCII: most tokens fail here."""

_SHORTEST: Final = 6
_UNQUOTED_TIMES: Final = 5
_LONGEST: Final = 16_384
"""Characters looked at; a text beyond them that may hold an address is taken for one that does."""


def addresses_in(text: str) -> str | tuple[str, ...]:
    """Return the addresses of a text, each once; the text itself where none stands in it.

    Args:
        text: what a key for addresses holds: one, several with something between them, one with
            a name, a link.
    """
    if _is_plain(text):
        return text
    if "@" not in text:
        text = _ESCAPED_AT.sub("@", text)
    found = (match.strip(".'") for match in _READ.findall(text.translate(_ODD_ATS)))
    return tuple(dict.fromkeys(found)) or text


def holds_address(text: str) -> bool:
    """Whether an e-mail address stands in a text, as it is or in some escape."""
    if len(text) > _LONGEST:
        return "@" in text or "%40" in text
    plain = unquoted(text)
    if "@" not in plain:
        plain = _ESCAPED_AT.sub("@", plain)
    return "@" in plain and _FOUND.search(plain) is not None


def hides_address(value: str) -> bool:
    """Whether the value of a URL parameter holds an address, in base64 or hex too."""
    if len(value) < _SHORTEST:
        return False
    return holds_address(value) or decodes_to_address(unquote(value))


def unquoted(text: str) -> str:
    """Undo percent-encoding, however often it was done."""
    for _ in range(_UNQUOTED_TIMES):
        if "%" not in text:
            break
        text = unquote(text)
    return text


def decodes_to_address(value: str) -> bool:
    """Whether a text is an address in base64, of either alphabet, or in hex."""
    if value.isalnum() and _HEX.fullmatch(value):
        return holds_address(bytes.fromhex(value).decode("utf-8", "replace"))
    if not _BEGIN_ASCII.issuperset(value[::4]):
        return False
    try:
        decoded = a2b_base64(value.replace("-", "+").replace("_", "/") + "===")
    except ValueError:
        return False
    return b"@" in decoded and holds_address(decoded.decode("utf-8", "replace"))
