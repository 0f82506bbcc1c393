"""Keep personal data out of texts that come from elsewhere."""

from __future__ import annotations

import re
from typing import Final

MAX_TEXT: Final = 500

_EMAIL: Final = re.compile(r"[^\s@\"'<>(),;:=]+@[^\s@\"'<>(),;]+")
_NUMBER: Final = re.compile(r"\+?\d[\d\s().-]{6,}\d")
_SECRET: Final = re.compile(r"\b[A-Fa-f0-9]{32,}\b")


def redacted(text: str) -> str:
    """The text without e-mail addresses, long numbers, tokens and digests, and not too long.

    API messages may quote what they refuse, exception texts what they met.
    """
    for pattern, word in ((_EMAIL, "[e-mail]"), (_SECRET, "[digest]"), (_NUMBER, "[number]")):
        text = pattern.sub(word, text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
