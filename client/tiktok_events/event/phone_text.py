"""Remove what people, spreadsheets and links write around a phone number."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WRITTEN_AROUND: Final = re.compile(r"\A[\s'\"=`]*(?:tel:)?|[\s'\"`]+\Z", re.IGNORECASE)
_FRACTION: Final = re.compile(r"(\+?[0-9]{4,15})\.0{1,2}")
_EXTENSION: Final = re.compile(
    r"[\s,;]*(?:ext(?:n|ension)?|x|#|poste|anexo|ramal|int|durchwahl|dw|доб)[\s.:=]*[0-9]{1,6}\s*\Z",
    re.IGNORECASE,
)
_WORDS_BEHIND: Final = re.compile(r"(?<=[0-9])[^0-9+]{0,40}[^\W\d_][^0-9+]{0,40}\Z")
"""Matches a name or `(mobile)`: the library would read letters as the digits of their keys."""

_is_written_plainly: Final = re.compile(r"(?:\+[1-9]|[0-9(])[0-9 ()-]*[0-9]").fullmatch
_PLUS_AND_ZEROS: Final = re.compile(r"[+\uff0b][\s+\uff0b]*(?:\(?00)?")


def written_plainly(text: str) -> str:
    """Return the digits of any script as 0 to 9, without the text written around them."""
    if _is_written_plainly(text):
        return text
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(char, char)) for char in text)
    plain = _PLUS_AND_ZEROS.sub("+", _WRITTEN_AROUND.sub("", text), count=1)
    plain = _EXTENSION.sub("", _WORDS_BEHIND.sub("", plain))
    fraction = _FRACTION.fullmatch(plain)
    return fraction[1] if fraction else plain
