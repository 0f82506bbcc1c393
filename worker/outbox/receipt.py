"""Receipts: what became of events, as recorded by the scripts that end them.

A list holds the receipts of an hour whose digests begin with the same four bits. Each of its
elements is of events that one settlement ended alike, big-endian:

     2 B  length of this header
     1 B  bytes of the request id, + 128 if these are packed hexadecimal digits
       …  request id
     4 B  digest of the destination
     4 B  when they ended, Unix seconds
       …  event names that are not TikTok's: one byte of length, then UTF-8

and, for each event, 13 bytes:

     7 B  digest of its id, without the first byte
     1 B  name: 0 none, then `NAMES`, then those of the header, 255 any other
     1 B  `End`, + `Flag` for each that is set
     1 B  attempts, 255 or more as 255
     3 B  seconds from acceptance to end

No personal data: an event id is there as 60 bits of a digest, and nothing else of the event is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from functools import lru_cache
from hashlib import blake2s
from typing import Any, Final, Self

from tiktok_events.event.destination import REMEMBERED
from worker.letters.letter import DeadLetter

NAMES: Final = (
    *("AchieveLevel", "AddPaymentInfo", "AddToCart", "AddToWishlist", "ApplicationApproval"),
    *("Checkout", "ClickButton", "CompletePayment", "CompleteRegistration", "CompleteTutorial"),
    *("Contact", "CreateGroup", "CreateRole", "CustomizeProduct", "Download", "FindLocation"),
    *("GenerateLead", "ImpressionLevelAdRevenue", "InAppADClick", "InAppADImpr", "InAppAdImpr"),
    *("InitiateCheckout", "InstallApp", "JoinGroup", "LaunchAPP", "Lead", "LoanApplication"),
    *("LoanApproval", "LoanDisbursal", "Login", "PageView", "PlaceAnOrder", "Purchase", "Rate"),
    *("Registration", "Schedule", "Search", "SpendCredits", "StartTrial", "SubmitApplication"),
    *("SubmitForm", "Subscribe", "UnlockAchievement", "ViewContent"),
)
"""Names that take one byte; a new one goes to the end, since receipts count them from 1."""

HOUR_S: Final = 3_600
KEEP_S: Final[Mapping[str, int]] = {"w": 8 * 86_400, "o": 29 * 86_400}
"""Seconds for which a repeat of an event can matter: a day longer than it can be sent by default.
"""

ENTRY_BYTES: Final = 13
DIGEST_BYTES: Final = 8
PACKED: Final = 128
FIRST_OWN: Final = len(NAMES) + 1
"""Codes from here on are names in the header, in its order."""

LISTS: Final = 16
"""Of an hour: one for each value of the first four bits of a digest."""


class End(IntEnum):
    """What became of an event; for dead ones, the reason of their letters."""

    DELIVERED = 0
    INVALID = 1
    REJECTED = 2
    EXPIRED = 3
    EXHAUSTED = 4
    CRASH_LOOP = 5
    OVERSIZE = 6
    UNREADABLE = 7
    ERASED = 8

    @property
    def is_counted(self) -> bool:
        """Whether `delivered` or `dead` count it."""
        return self <= End.UNREADABLE


class Flag(IntFlag):
    """Further facts about an event's end.

    Attributes:
        AMBIGUOUS: an attempt may have been accepted without our knowing.
        REPLAYED: it had been a dead letter before.
        SALVAGED: a field of it was mended or left out.
        EDITED: a person had changed it while it was dead.
    """

    AMBIGUOUS = 16
    REPLAYED = 32
    SALVAGED = 64
    EDITED = 128


# Plain numbers: to add flags takes ten times as long.
_AMBIGUOUS, _REPLAYED, _SALVAGED, _EDITED = map(int, Flag)


@dataclass(slots=True)
class Ended:
    """Events that ended alike; not frozen, for the same reason as a `History`.

    Attributes:
        end: how they ended.
        at: when they ended, Unix seconds.
        accepted_at: when they were accepted, Unix seconds.
        request_id: request id of the answer that decided, if any.
        attempts: how many requests carried them.
        flags: further facts.
        digests: digests of their ids; see `digest_of`.
        names: of the events, in the same order; empty for none.
    """

    end: End
    at: float
    accepted_at: float
    request_id: str | None = None
    attempts: int = 0
    flags: int = 0
    digests: list[bytes] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @classmethod
    def of_letter(cls, letter: DeadLetter) -> Self:
        """Return the end of an event that died."""
        return cls(
            End[letter.reason.upper()],
            letter.died_at,
            letter.first_accepted_at,
            letter.request_id,
            letter.attempts,
            flags_of(ambiguous=letter.ambiguous, replayed=letter.replays, edited=letter.edits),
            [digest_of(event_id_of(letter.body) or letter.event_id or "")],
            [letter.event or ""],
        )


def flags_of(
    *, ambiguous: object, replayed: object, edited: object, salvaged: object = False
) -> int:
    """Return the flags of what is true."""
    return (
        (_AMBIGUOUS if ambiguous else 0)
        + (_REPLAYED if replayed else 0)
        + (_SALVAGED if salvaged else 0)
        + (_EDITED if edited else 0)
    )


def digest_of(event_id: str) -> bytes:
    """Return the digest that stands for an event id."""
    try:
        return blake2s(event_id.encode()).digest()
    except UnicodeEncodeError:
        return blake2s(event_id.encode("utf-8", "surrogatepass")).digest()


@lru_cache(REMEMBERED)
def destination_digest(destination: str) -> bytes:
    """Return the digest that stands for a destination's key."""
    return blake2s(destination.encode()).digest()[:4]


def class_of(destination: str) -> str:
    """Which receipts a destination's are: `o` those of offline events, `w` all others."""
    return "o" if destination.startswith("offline:") else "w"


def row_of(destination: str, now: float) -> str:
    """The hour that receipts of a destination are filed under, as the hash of hours names it."""
    return f"{class_of(destination)}:{int(now) // HOUR_S}"


def event_id_of(body: Any) -> str:
    """Return the id of an event of any form; empty without one."""
    found = body.get("event_id") if isinstance(body, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""
