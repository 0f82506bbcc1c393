"""Who did it: the match keys, and what is known of the device.

Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22); names,
place and postal code as https://github.com/segmentio/action-destinations sends them.
"""

from __future__ import annotations

from schemas import catalogue, limits
from schemas.addresses import IpAddress
from schemas.digests import MatchKey
from schemas.fields import Choice, Shaped, Text
from schemas.objects import EventObject


def as_tag(locale: str) -> str:
    """Return a locale of POSIX, such as ``de_DE.UTF-8``, as the tag of a language."""
    return locale.partition(".")[0].replace("_", "-")


class User(EventObject):
    """The visitor, buyer or lead. ``idfa`` and ``gaid`` may be raw or hashed."""

    email = MatchKey()
    phone = MatchKey()
    external_id = MatchKey()
    first_name = MatchKey()
    last_name = MatchKey()
    zip_code = MatchKey()
    ttclid = Text(limits.CLICK_ID_CHARS)
    ttp = Text(limits.CLICK_ID_CHARS)
    ip = IpAddress()
    user_agent = Text(limits.USER_AGENT_CHARS)
    locale = Shaped(
        r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "is not a BCP 47 tag such as en-US", as_tag
    )
    city = Text(limits.LABEL_CHARS)
    state = Text(limits.LABEL_CHARS)
    country = Shaped(
        r"[a-z]{2}", "is not two lower-case letters, such as de: it may not match", str.lower
    )
    idfa = Text(limits.LABEL_CHARS)
    idfv = Text(limits.LABEL_CHARS)
    gaid = Text(limits.LABEL_CHARS)
    att_status = Choice(catalogue.ATT_STATUSES)
