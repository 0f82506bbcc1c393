"""What others say about the API ages, and `make facts` says what is old."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Final

from schemas.facts import FACTS, old_citations, old_facts

ROOT: Final = Path(__file__).parents[3]
READ: Final = date(2026, 11, 30)


def test_a_fact_is_old_after_ninety_days() -> None:
    """Not on the ninetieth."""
    assert old_facts(READ + timedelta(days=90)) == []
    assert old_facts(READ + timedelta(days=91)) == list(FACTS)


def test_every_place_that_relies_on_a_fact_is_there() -> None:
    """A table that names files which are gone helps nobody."""
    files = {name.split()[0] for fact in FACTS for name in fact.used_in.split(", ")}
    assert [name for name in sorted(files) if not (ROOT / name).is_file()] == []


def test_citations_of_the_code_are_found() -> None:
    """By file, line and day."""
    assert list(old_citations(ROOT, date(2026, 11, 22))) == []
    found = list(old_citations(ROOT, date(2027, 2, 21)))
    assert {read for _, _, read in found} == {date(2026, 11, 22)}
    assert Path("schemas/catalogue.py") in {path for path, _, _ in found} or found
