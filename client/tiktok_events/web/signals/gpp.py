"""Read IAB Tech Lab's Global Privacy Platform string: a header, and a section for each law.

Source: https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform ``Core`` and
``Sections`` (read 2026-11-30); the offsets are those of its reference encoder, which also made the
tests' strings.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tiktok_events.web.signals.bits import Bits

EUROPE: Final = 2
CANADA: Final = 5
US_PRIVACY: Final = 6

_HEADER: Final = 3
_MOST_SECTIONS: Final = 64
_OPTED_OUT: Final = 1
_GPC: Final = 1
_SALE_AT: Final = 2
"""Which of US Privacy's four characters tells that the visitor opted out of the sale of data."""


class OptOuts(NamedTuple):
    """Where a section has its opt-outs of sale, sharing and targeted advertising.

    Attributes:
        at: how many bits precede the first answer.
        answers: how many answers there are, of two bits each.
    """

    at: int
    answers: int = 2


US_SECTIONS: Final = {
    7: OptOuts(18, 3),  # the national one
    **dict.fromkeys((8, 9, 10, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23), OptOuts(12)),
    **dict.fromkeys((11, 18), OptOuts(14)),  # Utah, Iowa
    **dict.fromkeys((24, 25, 26, 27), OptOuts(16)),  # Maryland, Indiana, Kentucky, Rhode Island
}
"""Section → where its opt-outs are."""


def sections(text: str) -> dict[int, str]:
    """Return the sections of a string by their ids.

    Raises:
        ValueError: the text is no such string.
    """
    header, *texts = text.split("~")
    ids = _section_ids(Bits(header))
    if len(ids) != len(texts):
        raise ValueError("not as many sections as the header says")
    return dict(zip(ids, texts, strict=True))


def opted_out(section: int, text: str) -> bool:
    """Return whether a US section says that the visitor opted out, in an answer or by GPC.

    Raises:
        ValueError: the text is no such section.
    """
    if section == US_PRIVACY:
        return text[_SALE_AT : _SALE_AT + 1].upper() == "Y"
    core, *parts = text.split(".")
    bits, opt_outs = Bits(core), US_SECTIONS[section]
    bits.skip(opt_outs.at)
    said = [bits.number(2) for _ in range(opt_outs.answers)]
    return _OPTED_OUT in said or any(_has_gpc(part) for part in parts)


def _has_gpc(part: str) -> bool:
    bits = Bits(part)
    return bits.number(2) == _GPC and bits.flag()


def _section_ids(bits: Bits) -> list[int]:
    if bits.number(6) != _HEADER:
        raise ValueError("no header")
    bits.skip(6)
    ids: list[int] = []
    last = 0
    for _ in range(bits.number(12)):
        several = bits.flag()
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if several else first
        ids.extend(range(first, last + 1) if last - first < _MOST_SECTIONS else ())
    return ids
