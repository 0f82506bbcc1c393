"""Who did it: the match keys, and what is known of the device.

Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22); names,
place and postal code as https://github.com/segmentio/action-destinations sends them.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from schemas import catalogue, limits
from schemas.addresses import IpAddress
from schemas.digests import MatchKey
from schemas.fields import Choice, Shaped, Text
from schemas.finding import Finding, Noted
from schemas.objects import EventObject
from schemas.plan import Plan

NO_SUCH_KEY: Final = "is no key of user that TikTok knows: it is left out"

PASSING: Final[ContextVar[frozenset[str]]] = ContextVar("PASSING", default=frozenset())
"""Further keys of ``user`` that pass as they are, in the check that is being made."""


def as_tag(locale: str) -> str:
    """Return a locale of POSIX, such as ``de_DE.UTF-8``, as the tag of a language."""
    return locale.partition(".")[0].replace("_", "-")


class User(EventObject):
    """The visitor, buyer or lead. ``idfa`` and ``gaid`` may be raw or hashed.

    It is closed: what it does not know could be anybody's, and is not sent.
    """

    closed = True

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

    def plan(self, prefix: str | None, *, strict: bool = False) -> Plan:
        """Return the plan of this object, in which an unknown key is a doubt."""
        del prefix
        return super().plan(None, strict=strict)

    def _sift_key(
        self, key: Any, raw: Any, loaded: dict[str, Any], messages: dict[Any, Any]
    ) -> Noted:
        if key in self.fields or key in PASSING.get() or raw is None:
            return super()._sift_key(key, raw, loaded, messages)
        return Noted(None, (Finding("", NO_SUCH_KEY),))
