"""E-mail addresses in texts: read where an address belongs, found where it does not.

A phone number with its plus is found too; without one it looks like any other number. A text may
hide either by percent-encoding, once or several times, as HTML or script escapes, in
quoted-printable, base64 or hex, in full-width letters or with characters that nobody sees: all of
these are undone before the search.
"""

from __future__ import annotations

import html
import re
import unicodedata
from binascii import a2b_base64
from typing import Final
from urllib.parse import unquote

from tiktok_events.event.phone_plans import COUNTRY_CODE

_AROUND: Final = r"\s@,;<>()\[\]\"|:"
# Letters one by one in a class are slow, ranges are not.
is_usual_address: Final = re.compile(r"[a-z0-9._%+-]++@[a-z0-9-]++(?:\.[a-z0-9-]++)+").fullmatch
_is_plain: Final = re.compile(rf"[^{_AROUND}/?&']+@[^{_AROUND}/?&']+(?<!\.)").fullmatch
# The lookbehind makes it linear: a run of other characters is tried once.
_READ: Final = re.compile(rf"(?<![^{_AROUND}?&/'])[^{_AROUND}?&/]++@[^{_AROUND}?&/]+")

_LOCAL: Final = r"[^\s@<>()\[\]\"|:;,=?&/#\\]"
_FOUND: Final = re.compile(rf"(?<!{_LOCAL}){_LOCAL}++@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{{2,}}")
_PHONE: Final = re.compile(rf"(?<![\w+])\+{COUNTRY_CODE}(?:[ ().\-/]{{0,2}}[0-9]){{7,13}}(?![0-9])")
_ESCAPED: Final = re.compile(r"(?:\\u00|\\x|=)([0-7][0-9a-f])", re.IGNORECASE)
_is_odd: Final = re.compile(r"[@+%&\\=]").search
_is_escaped: Final = re.compile(r"[%&\\=]").search
_UNSEEN: Final = dict.fromkeys(map(ord, "\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\ufeff"))
_ODD_ATS: Final = str.maketrans("\uff20\ufe6b", "@@")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")
_HEX_DIGITS: Final = frozenset("0123456789ABCDEFabcdef")
_BEGIN_ASCII: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef")
"""In base64, ASCII text has one of these letters at every fourth place: most tokens fail this test.
"""

_SHORTEST: Final = 6
_UNQUOTED_TIMES: Final = 5
_LONGEST: Final = 16_384
"""How many characters are searched; a longer text that may hold an address counts as one that does.
"""


def addresses_in(text: str) -> str | tuple[str, ...]:
    """Return the addresses in a text, each once, or the text itself if there is none.

    Args:
        text: the value of an e-mail key: one address, several with separators, one with a name, or
            a link.
    """
    if _is_plain(text):
        return text
    if "@" not in text:
        text = plain_text(text)
    found = (match.strip(".'") for match in _READ.findall(text.translate(_ODD_ATS)))
    return tuple(dict.fromkeys(found)) or text


def holds_address(text: str) -> bool:
    """Return whether a text holds an e-mail address, or a phone number with its plus."""
    if text.isascii() and not _is_odd(text):  # then no sign of either is in it, nor an escape
        return False
    if len(text) > _LONGEST:
        return "@" in text or "%40" in text
    plain = plain_text(text)
    if "@" in plain and _FOUND.search(plain):
        return True
    return "+" in plain and _PHONE.search(plain) is not None


def plain_text(text: str) -> str:
    """Return a text without escapes, with visible characters only, in their plain forms."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_UNSEEN))
    if _is_escaped(text):
        text = _ESCAPED.sub(_unescaped, html.unescape(unquoted(text)))
    return text


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def hides_address(value: str) -> bool:
    """Return whether a text holds an address, in plain text, base64 or hex."""
    if len(value) < _SHORTEST:
        return False
    return holds_address(value) or decodes_to_address(unquote(value) if "%" in value else value)


def unquoted(text: str) -> str:
    """Undo percent-encoding, however often it was done."""
    for _ in range(_UNQUOTED_TIMES):
        if "%" not in text:
            break
        text = unquote(text)
    return text


def decodes_to_address(value: str) -> bool:
    """Return whether a text is an address or a phone number in hex or either base64 alphabet."""
    first = value[:1]  # most tokens fail here already
    if first in _HEX_DIGITS and value.isalnum() and _HEX.fullmatch(value):
        decoded = bytes.fromhex(value)
        return _is_suspect(decoded) and holds_address(decoded.decode("utf-8", "replace"))
    if first not in _BEGIN_ASCII or not _BEGIN_ASCII.issuperset(value[::4]):
        return False
    try:
        decoded = a2b_base64(value.replace("-", "+").replace("_", "/") + "===")
    except ValueError:
        return False
    return _is_suspect(decoded) and holds_address(decoded.decode("utf-8", "replace"))


def _is_suspect(decoded: bytes) -> bool:
    return b"@" in decoded or b"+" in decoded
