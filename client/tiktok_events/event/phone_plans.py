"""Facts of numbering plans, known without asking the library, which is slow to load."""

from __future__ import annotations

import re
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

# Every assigned country code; a test holds it equal to the library's list.
COUNTRY_CODE: Final = (
    r"(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2(?:1[1-368]|[2346][0-9]|5[0-8]|9[01789])|3(?:5[0-9]|7[0-8]|8[0-35-79])|42[013]"
    r"|5(?:0[0-9]|9[0-9])|6(?:7[02-9]|8[0-35-9]|9[0-2])|8(?:0[08]|5[02356]|7[08]|8[0-368])"
    r"|9(?:6[0-8]|7[0-79]|9[2-68]))"
)
# What people write after the country code although E.164 omits it. A zero is mostly the trunk
# prefix (+49 0170 …) but belongs to the number in Italy or Ivory Coast; other trunk prefixes are
# 8 in Russia and 1 in North America; Mexico had a 1 before mobile numbers, Argentina writes 15
# into them, Brazil's had eight digits. In all these cases only the library knows.
_OFTEN_WRONG: Final = (
    rf"\+(?:{COUNTRY_CODE}0|11|521|54(?!9[0-9]{{10}}\Z)[0-9]{{11}}|55[1-9]{{2}}[6-9][0-9]{{7}}\Z"
    r"|6921[0-9]{7}|78[0-9]{10}|3758|9938[0-9]{8})"
)
CERTAIN_E164: Final = re.compile(rf"(?!{_OFTEN_WRONG})(?=\+{COUNTRY_CODE}){E164.pattern}").fullmatch

RENUMBERED: Final = frozenset({"52", "55", "57"})
OBSOLETE: Final = (
    (re.compile(r"\+52(?:1|01|04[45])([0-9]{10})"), r"+52\1"),
    (re.compile(r"\+55([1-9]{2})([6-9][0-9]{7})"), r"+55\g<1>9\2"),
    (re.compile(r"\+570(3[0-9]{9})"), r"+57\1"),
)
"""Obsolete forms of numbers, and what became of them: mobile numbers of Mexico began with a 1 until
2019, those of Brazil got a leading 9 by 2016.

Source: ITU operational bulletins on the numbering plans of Mexico and Brazil, as the metadata of
https://github.com/google/libphonenumber has them (8.13 and later, read 2026-11-30).
"""

REGIONS: Final = _set(
    "AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ"
    " BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO"
    " DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU"
    " GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW"
    " KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT"
    " MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT"
    " PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA"
    " TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE"
    " YT ZA ZM ZW"
)
"""Regions for which the library knows numbers; looking one up here does not load it."""

LONG_NATIONAL: Final = ("CN", "BR", "DE", "ID")
LONG_NATIONAL_DIGITS: Final = 11
"""Where a mobile number without prefix has 11 digits, as +1 with its number has."""


def forms(e164: str) -> str | tuple[str, ...]:
    """Return the forms in which a number is hashed: two for mainland China, else one.

    TikTok's pages contradict each other: E.164 is the rule, yet for +86 the help text of its own
    template and the 1.0 web page want no country code. ``phone`` takes a list, so both are sent.

    Source: github.com/tiktok/gtm-template-eapi (read 2026-11-22) and, for the 1.0 page,
    n8n-nodes-tiktok-events-api (read 2026-11-30).
    """
    return (e164, e164[3:]) if e164.startswith("+86") else e164
