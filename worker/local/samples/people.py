"""Made-up people for the sample events: who converts, on which device, and what a shop knows.

Nothing here belongs to anyone: the mail domains, telephone numbers and IP networks are those that
are set aside for examples.

Source: mail domains, https://www.rfc-editor.org/rfc/rfc2606; networks,
https://www.rfc-editor.org/rfc/rfc5737 and https://www.rfc-editor.org/rfc/rfc3849; telephone
numbers, North America 555-0100 to 555-0199 (https://www.nanpa.com), Germany 030 23125-000 to -999
(https://www.bundesnetzagentur.de), United Kingdom 07700 900000 to 900999
(https://www.ofcom.org.uk) (all read 2026-11-22).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tiktok_events.event.match_keys import hash_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

SAMPLE_REGION: Final = "DE"
"""The default region that the national telephone numbers of the samples need."""

_FIRST_NAMES: Final = (
    "Amina", "Björn", "Chloé", "Diego", "Elif", "Freya", "Giulia", "Hana", "Ivan", "Jürgen",
    "Katarzyna", "Liam", "Mei", "Noah", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Thandi",
)  # fmt: skip
_LAST_NAMES: Final = (
    "Andersson", "Bianchi", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hughes",
    "Ito", "Jansen", "Kowalska", "Lindqvist", "Müller", "Novák", "O'Brien", "Popescu",
)  # fmt: skip
_MAIL_DOMAINS: Final = ("example.com", "example.org", "example.net")
_ASCII: Final = str.maketrans("öéüøíá", "oeuoia", "'")

_WEBKIT: Final = "AppleWebKit/537.36 (KHTML, like Gecko)"
_BROWSERS: Final = (
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/131.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
)
_ANDROID: Final = "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A.240805.005)"
_IPHONE: Final = "SampleGarden/512 CFNetwork/1568.200.51 Darwin/24.1.0"
_LOCALES: Final = ("de-DE", "en-US", "en-GB", "fr-FR", "it-IT", "pl-PL", "es-ES")
_CITIES: Final = (("Berlin", "de", "10115"), ("Leeds", "gb", "LS1 4DY"), ("Chicago", "us", "60601"))


@dataclass(frozen=True, slots=True)
class Personal:
    """One personal value in three spellings.

    Attributes:
        tidy: the form that is hashed.
        typed: what a person might type into a form; prepared, it becomes ``tidy``.
    """

    tidy: str
    typed: str

    def sent(self, *, raw: bool) -> str:
        """Return what the application hands over: the typed text, or the digest."""
        return self.typed if raw else hash_text(self.tidy)

    def __repr__(self) -> str:
        """Show nothing: real values would be personal, and habits are made with samples."""
        return "Personal()"


def web_user(rng: Random, *, raw: bool) -> dict[str, Any]:
    """Return what a shop's server knows of a visitor: cookies, address, sometimes an account."""
    user = _account(rng, raw=raw, email=0.6, phone=0.4, external_id=0.7)
    if rng.random() < 0.6:  # noqa: PLR2004 — a share, like those beside it
        user["ttclid"] = f"E.C.P.{token(rng, 72)}"
    if rng.random() < 0.85:  # noqa: PLR2004 — as above
        user["ttp"] = token(rng, 20)
    return user | _connection(rng, rng.choice(_BROWSERS))


def app_user(rng: Random, *, raw: bool) -> dict[str, Any]:
    """Return what an app knows: an account, and the advertising id of the phone."""
    user = _account(rng, raw=raw, email=0.5, phone=0.3, external_id=0.9)
    digits = f"{rng.getrandbits(128):032x}"
    device_id = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if rng.random() < 0.5:  # noqa: PLR2004 — half of them are Android
        return user | {"gaid": device_id} | _connection(rng, _ANDROID)
    iphone = {"idfa": device_id.upper(), "att_status": "AUTHORIZED"}
    return user | iphone | _connection(rng, _IPHONE)


def till_user(rng: Random, *, raw: bool) -> dict[str, Any]:
    """Return what the till of a shop or the form of a sales team holds: name, contact, town."""
    first, last = _name(rng)
    city, country, zip_code = rng.choice(_CITIES)
    names = {
        "first_name": Personal(first.lower(), first).sent(raw=raw),
        "last_name": Personal(last.lower().replace("'", ""), last).sent(raw=raw),
        "zip_code": Personal(zip_code.lower().replace(" ", ""), zip_code).sent(raw=raw),
        "city": city,
        "country": country,
    }
    at_home = country == SAMPLE_REGION.lower()
    return _account(rng, raw=raw, email=1.0, phone=0.8, external_id=0.3, at_home=at_home) | names


def token(rng: Random, size_bytes: int) -> str:
    """Return a random word like those in click ids and cookies."""
    return urlsafe_b64encode(rng.randbytes(size_bytes)).rstrip(b"=").decode()


def _account(
    rng: Random,
    *,
    raw: bool,
    email: float,
    phone: float,
    external_id: float,
    at_home: bool = True,
) -> dict[str, Any]:
    """Return the match keys of an account, each with its probability.

    People from outside ``SAMPLE_REGION`` write their numbers with a country code.
    """
    user: dict[str, Any] = {}
    if rng.random() < email:
        user["email"] = _one_or_more(rng, [_email(rng), _email(rng)], raw=raw)
    if rng.random() < phone:
        user["phone"] = _one_or_more(
            rng, [_phone(rng, at_home=at_home), _phone(rng, at_home=at_home)], raw=raw
        )
    if rng.random() < external_id:
        number = f"user_{rng.randrange(10**7):07d}"
        user["external_id"] = Personal(number, number).sent(raw=raw)
    return user


def _one_or_more(rng: Random, values: Sequence[Personal], *, raw: bool) -> str | list[str]:
    """Return one value, sometimes as an array, sometimes two."""
    form = rng.random()
    if form < 0.75:  # noqa: PLR2004 — a share
        return values[0].sent(raw=raw)
    kept = values[:1] if form < 0.9 else values  # noqa: PLR2004 — a share
    return [value.sent(raw=raw) for value in kept]


def _name(rng: Random) -> tuple[str, str]:
    return rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)


def _email(rng: Random) -> Personal:
    first, last = _name(rng)
    typed = f"{first}.{last}{rng.randrange(10_000)}@{rng.choice(_MAIL_DOMAINS)}".translate(_ASCII)
    tidy = typed.lower()
    spellings = (tidy, tidy, tidy, typed, f" {tidy}", f"{typed} ", tidy.upper())
    return Personal(tidy, rng.choice(spellings))


def _phone(rng: Random, *, at_home: bool) -> Personal:
    """Return a number in E.164, or as people of its country write it."""
    line, country = rng.randrange(1_000), rng.randrange(3)
    if country == 0:
        tidy, typed = (
            f"+49302312{5_000 + line}",
            f"{'0' if at_home else '+49 '}30 2312-{5_000 + line}",
        )
    elif country == 1:
        tidy, typed = f"+447700900{line:03d}", f"+44 (0)7700 900{line:03d}"
    else:
        tidy, typed = f"+1202555{100 + line % 100:04d}", f"+1 (202) 555-{100 + line % 100:04d}"
    return Personal(tidy, typed if rng.random() < 0.3 else tidy)  # noqa: PLR2004 — a share


def _connection(rng: Random, user_agent: str) -> dict[str, Any]:
    return {"ip": _ip(rng), "user_agent": user_agent, "locale": rng.choice(_LOCALES)}


def _ip(rng: Random) -> str:
    host = rng.getrandbits(24)
    if host % 4 == 0:
        return f"2001:db8:{host >> 12:x}:{host & 0xFFF:x}::1"
    network = ("192.0.2", "198.51.100", "203.0.113")[host % 3]
    return f"{network}.{1 + host % 254}"
