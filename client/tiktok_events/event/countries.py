"""Find the country that a text names: by the two letters TikTok wants, by three, or by its name."""

from __future__ import annotations

from typing import Final

_LETTERS: Final = 2
_OTHER_LETTERS: Final = {"uk": "gb", "el": "gr"}


def country_of(text: str) -> str | None:
    """Return two letters in lower case, or ``None`` where the text is no country that we know.

    Any two letters are a country: whether ISO 3166-1 has them is not looked up.
    """
    letters = text.lower()
    if not letters.isalpha():
        letters = "".join(filter(str.isalpha, letters))
    if len(letters) == _LETTERS:
        return _OTHER_LETTERS.get(letters, letters)
    # Imported here, because few events name a country in another way than by two letters.
    from tiktok_events.event.country_names import TWO_LETTERS  # noqa: PLC0415 — because of that

    return TWO_LETTERS.get(letters)
