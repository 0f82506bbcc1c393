"""What every usual design does with match keys: normalise, and hash."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import phonenumbers

REGION = "DE"
"""The region of phone numbers without a country code, as ``worker.local.samples.people`` writes
them."""

DIGEST = re.compile(r"[A-Fa-f0-9]{64}")


def phone(text: str) -> str:
    """Return the number in E.164."""
    number = phonenumbers.parse(text, REGION)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


NORMALISE: dict[str, Callable[[str], str]] = {
    "email": lambda text: text.strip().lower(),
    "phone": phone,
    "external_id": str.strip,
    "first_name": lambda text: re.sub(r"[^\w ]", "", text.lower()),
    "last_name": lambda text: re.sub(r"[^\w ]", "", text.lower()),
    "zip_code": lambda text: re.sub(r"[\s-]", "", text.lower()),
}


def digest(key: str, text: str) -> str:
    """Return the hash of the normalised text; what is one already passes."""
    if DIGEST.fullmatch(text):
        return text
    return sha256(NORMALISE[key](text).encode()).hexdigest()


def hashed(user: dict[str, Any]) -> dict[str, Any]:
    """Return the match keys with the personal ones hashed."""
    result = dict(user)
    for key in NORMALISE.keys() & user.keys():
        value = user[key]
        if isinstance(value, list):
            result[key] = [digest(key, text) for text in value]
        else:
            result[key] = digest(key, value)
    return result
