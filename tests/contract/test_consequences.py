"""What each verdict leads to: the promise of `docs/reference/api.md` and the README, row by row."""

from __future__ import annotations

from dataclasses import fields

import pytest

from worker.attempts.verdict import CONSEQUENCES, Consequences, Verdict

ROWS = {
    "delivered": {"healthy"},
    "throttled": {"backs_off"},
    "transient": {"spends", "accuses", "backs_off"},
    "ambiguous": {"doubtful", "spends", "accuses", "backs_off"},
    "rejected": {"spends", "isolates", "kills", "healthy"},
    "unclear": {"doubtful", "spends", "isolates", "wears_out", "backs_off", "reported"},
    "credential": {"parks", "reported"},
    "configuration": {"parks", "reported"},
}


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_leads_to_its_row(verdict: Verdict) -> None:
    """And to nothing else."""
    names = {field.name for field in fields(Consequences)}
    assert ROWS[verdict.value] == {name for name in names if getattr(verdict.leads_to, name)}


def test_every_verdict_has_a_row() -> None:
    """A new one cannot be forgotten."""
    assert set(ROWS) == {verdict.value for verdict in Verdict} == {*map(str, CONSEQUENCES)}


@pytest.mark.parametrize("verdict", Verdict)
def test_an_answer_says_one_thing_about_the_destination(verdict: Verdict) -> None:
    """It is healthy, backs off, or is parked."""
    leads_to = verdict.leads_to
    assert [leads_to.healthy, leads_to.backs_off, leads_to.parks].count(True) == 1


@pytest.mark.parametrize("verdict", [v for v in Verdict if v.leads_to.parks])
def test_what_parks_spends_no_attempt_and_blames_no_event(verdict: Verdict) -> None:
    """The fault is the destination's."""
    assert not ROWS[verdict.value] & {"spends", "isolates", "kills", "doubtful", "accuses"}
