"""Facts about TikTok that this project relies on, and when each was read last.

A fact of somebody else ages. `make facts` lists those of this table, and every `Source:` in the
code, that were read more than ninety days ago; whoever reads them again writes the new day.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

OLD_AFTER: Final = timedelta(days=90)
FOLDERS: Final = ("client", "schemas", "worker", "tasks")

_READ: Final = re.compile(r"\(?read (\d{4}-\d\d-\d\d)\)?")


@dataclass(frozen=True, slots=True)
class Fact:
    """What somebody says about the API.

    Attributes:
        says: in our words.
        source: the page that says so.
        read: when it was read last.
        used_in: where the code relies on it; a citation of the code stands for itself.
    """

    says: str
    source: str
    read: date
    used_in: str


_NOVEMBER: Final = date(2026, 11, 30)
_ADS: Final = "ads.tiktok.com/help/article/"
_PORTAL: Final = "business-api.tiktok.com/portal/docs?id=1771101303285761"

FACTS: Final = (
    Fact(
        "ClickButton and PlaceAnOrder are supported until 2027",
        _ADS + "how-to-adopt-tiktoks-updated-standard-events",
        _NOVEMBER,
        "schemas/catalogue.py SUNSETS",
    ),
    Fact(
        "reserved names have a page of their own",
        _ADS + "reserved-events",
        _NOVEMBER,
        "schemas/catalogue.py RESERVED_NAMES",
    ),
    Fact(
        "for a CRM event one of lead id, e-mail and phone is enough",
        _ADS + "about-signal-postback",
        _NOVEMBER,
        "schemas/wanted.py",
    ),
    Fact(
        "CRM events may be named in any language",
        _ADS + "how-to-postback-signals-through-events-api",
        _NOVEMBER,
        "schemas/names.py",
    ),
    Fact(
        "nobody shows a refusal of a web event without page.url",
        "github.com/tiktok/gtm-template-eapi, github.com/rudderlabs/rudder-transformer",
        _NOVEMBER,
        "schemas/wanted.py",
    ),
    Fact(
        "properties.customer_type, ad.attribution_share, and ad for web events, are documented",
        _PORTAL,
        _NOVEMBER,
        "schemas/properties.py, schemas/context.py, schemas/rules.py",
    ),
    Fact(
        "content_type is hotel, flight, destination or vehicle in travel and automotive catalogues",
        _ADS + "about-parameters and the pages on Travel Ads and Automotive Ads",
        _NOVEMBER,
        "schemas/catalogue.py CONTENT_TYPES",
    ),
    Fact(
        "device.browser_version_list is an array of brand and version",
        "github.com/tiktok/gtm-template-eapi",
        _NOVEMBER,
        "schemas/context.py",
    ),
    Fact(
        "free content types and fractional quantities are sent by others and not refused",
        "github.com/rudderlabs/rudder-transformer, github.com/stape-io/tiktok-tag",
        _NOVEMBER,
        "schemas/figures.py Quantity",
    ),
    Fact(
        "LANDING_PAGE_VIEW and ENGAGED_SESSION are event types of a pixel",
        "a captured answer of the API's list of pixels",
        _NOVEMBER,
        "schemas/catalogue.py PIXEL_TYPES",
    ),
    Fact(
        "price, quantity, content_name and content_category belong into contents",
        _ADS + "about-parameters",
        _NOVEMBER,
        "schemas/properties.py IN_CONTENTS",
    ),
)


def old_facts(today: date) -> list[Fact]:
    """Return the facts of the table that should be read again."""
    return [fact for fact in FACTS if today - fact.read > OLD_AFTER]


def old_citations(root: Path, today: date) -> Iterator[tuple[Path, int, date]]:
    """Yield file, line and day of each citation in the code that should be read again."""
    for path in sorted(file for folder in FOLDERS for file in (root / folder).rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for found in _READ.finditer(line):
                read = date.fromisoformat(found[1])
                if today - read > OLD_AFTER:
                    yield path.relative_to(root), number, read


def main() -> None:
    """Print what is old, the table first."""
    today, root = date.today(), Path(__file__).parents[1]  # noqa: DTZ011 — a day here is a day there
    lines = [f"{one.read}  {one.used_in}: {one.says} ({one.source})" for one in old_facts(today)]
    lines += [f"{read}  {path}:{line}" for path, line, read in old_citations(root, today)]
    sys.stdout.write("\n".join([*lines, f"{len(lines)} to be read again", ""]))


if __name__ == "__main__":
    main()
