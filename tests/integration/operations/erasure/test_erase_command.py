"""`tiktok-events erase`: counts only, no value anywhere, and an entry in the audit."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import orjson
import pytest
from click.testing import Result

from tests.builders.commands import tiktok_events
from tests.builders.stores import store_of
from worker.reporting.audit import Audit

JO, AL = "jo@example.com", "al@example.com"
DIGEST: Final = sha256(JO.encode()).hexdigest()


@pytest.fixture
def run(shop: Any) -> Any:
    """Runs `tiktok-events erase …`; nothing that it prints may name the person."""

    def erase(*arguments: str, given: str | None = None) -> Result:
        result = tiktok_events("erase", *arguments, given=given, REDIS_URL=shop.url, ACTOR="ops")
        assert "jo@" not in result.output
        assert DIGEST not in result.output
        return result

    return erase


def entries(shop: Any) -> list[tuple[Any, ...]]:
    """What the audit tells."""
    return [
        (e.who, e.action, e.what, e.count, e.result) for e in Audit(store_of(shop.redis)).read()
    ]


def test_a_dry_run_only_counts(shop: Any, run: Any) -> None:
    """Nothing goes, nothing is written down."""
    shop.track(JO, AL)
    shop.bury(JO)
    result = run("--email", JO, "--dry-run", "--json")
    expected = {
        "dry_run": True,
        "waiting": 1,
        "dead_letters": 1,
        "being_sent": 0,
        "delayed": 0,
        "spooled": 0,
        "queued": 0,
        "in_hand": 0,
        "holders": [],
        "unreached": [],
        "complete": True,
    }
    assert orjson.loads(result.stdout) == expected
    assert (shop.counted()[:2], entries(shop)) == ((2, 0), [])


def test_the_question_has_the_counts(shop: Any, run: Any) -> None:
    """No answer and a no change nothing."""
    shop.track(JO, AL)
    for answer in ("", "n\n"):
        result = run("--email", JO, given=answer)
        assert result.exit_code == 1
        assert "Erase 1 waiting event and 0 dead letters for good?" in result.output
    assert (shop.counted()[:2], entries(shop)) == ((2, 0), [])


def test_a_yes_erases(shop: Any, run: Any) -> None:
    """The report has counts, the audit too, and how the person was named."""
    shop.track(JO, AL, JO)
    shop.bury(JO)
    result = run("--email", JO, "--external-id", "7", "--email", "x@example.com", given="y\n")
    assert (result.exit_code, shop.counted()) == (0, (1, 2, 0, 0))
    assert "2 waiting, erased" in result.stdout
    assert "1 dead, erased" in result.stdout
    what = "2 by e-mail address, 1 by external id"
    assert entries(shop) == [("ops", "erase", what, 3, "done")]


def test_nothing_found_is_said_and_written_down(shop: Any, run: Any) -> None:
    """That somebody was looked for in vain is worth an entry too."""
    shop.track(AL)
    assert run("--email", JO).stdout.splitlines() == [
        "Nothing of this person waits or is dead.",
        "Not looked at: spools of other machines, exported letters (see --help).",
    ]
    assert entries(shop) == [("ops", "erase", "1 by e-mail address", 0, "done")]


def test_values_come_from_a_pipe(shop: Any, run: Any) -> None:
    """One a line, blank lines aside, and a digest will do."""
    shop.track(JO, AL, "third@example.com")
    result = run("--email", "-", "--yes", "--json", given=f"{DIGEST}\n\nthird@example.com\n")
    assert orjson.loads(result.stdout)["waiting"] == 2
    assert shop.blocks() == [["al/1"]]


def test_a_pipe_cannot_answer_too(shop: Any, run: Any) -> None:
    """The sentence says what to do."""
    shop.track(JO)
    result = run("--email", "-", given=f"{JO}\n")
    assert (result.exit_code, "give --yes" in result.output) == (1, True)


def test_what_is_being_sent_is_a_failure(
    shop: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts say how many, the exit code that it must be run again."""
    shop.track(JO, AL)
    shop.claim()
    monkeypatch.setenv("TIKTOK_EVENTS_LEASE_S", "6")
    monkeypatch.setenv("TIKTOK_EVENTS_REQUEST_TIMEOUT_S", "0.5")
    monkeypatch.setattr("worker.operations.erasure.MARGIN_S", -600.0)
    result = run("--email", JO, "--yes")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].strip().startswith("1 being sent to web:C0ERASE00PIXEL000000 by one, at most")
    assert lines[1] == "Not everything is erased. Run it again in a minute."
    assert entries(shop)[0][3:] == (0, "not everything was reached")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "say who with --email, --phone or --external-id"),
        (["jo@example.com"], "say who with --email, --phone or --external-id"),
        (["--email", "x@example.com", "jo@example.com"], "say who with --email"),
        (["--phone", "0151 2345678"], "--phone: It lacks its country code"),
        (["--phone", "jo@example.com"], "--phone: It is not a phone number"),
        (["--external-id", " "], "--external-id: There is nothing in it"),
        (["--email", "-"], "standard input has no value for --email"),
    ],
)
def test_a_mistake_is_told_without_the_value(run: Any, arguments: list[str], sentence: str) -> None:
    """Exit code 2; what was typed is not repeated."""
    result = run(*arguments)
    assert (result.exit_code, sentence in result.output) == (2, True)
    assert "2345678" not in result.output


def test_the_status_accounts_for_it(shop: Any, run: Any) -> None:
    """The equation has one more place, and closes."""
    shop.track(JO, AL)
    run("--email", JO, "--yes")
    lines = tiktok_events("status", REDIS_URL=shop.url).stdout.splitlines()
    rule = "accepted + replayed = delivered + waiting + died + erased: OK, "
    assert [line for line in lines if line.startswith("accepted +")] == [
        f"{rule}every event is accounted for"
    ]
    assert any(line.startswith("erased") and " 1 " in line for line in lines)
