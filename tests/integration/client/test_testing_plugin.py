"""The pytest plugin of the client, in pytest runs of its own."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
CODE = """
import sys

from tiktok_events import Client

def order(value=59.98, name="Purchase", **more):
    client = Client("redis://127.0.0.1:1/0", event_source_id="C0PIXEL")
    return client.track({"event": name, "properties": {"value": value}, **more})
"""


@pytest.fixture(autouse=True)
def _strict(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings are errors there too, and the settings of the machine stay outside."""
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    pytester.makepyfile(shop=CODE)
    for name in ("REDIS_URL", "DEFAULT_REGION", "PIXEL_CODE", "API_URL"):
        monkeypatch.delenv(f"TIKTOK_EVENTS_{name}", raising=False)


def run(pytester: pytest.Pytester, test: str) -> pytest.RunResult:
    """A run with the plugin, in a process of its own."""
    pytester.makepyfile(test)
    return pytester.runpytest_subprocess("-p", "pytest_tiktok_events", "-q")


def told(result: pytest.RunResult) -> list[str]:
    """What the failed assertion said, line by line."""
    lines = [line.removeprefix("E").rstrip() for line in result.outlines if line.startswith("E ")]
    return [line.strip() for line in lines]


def test_conversions_are_captured_without_a_server(pytester: pytest.Pytester) -> None:
    """Raw match keys are compared with what was hashed; prices may be decimal."""
    result = run(
        pytester,
        """
        from decimal import Decimal
        from unittest.mock import ANY
        from shop import order

        def test_order(captured_conversions):
            user = {"email": " Ann@Example.com", "phone": ["+49 170 1234567"], "ip": "203.0.113.7"}
            event_id = order(user=user, page={"url": "https://shop.example/"})
            order(5, name="AddToCart")
            found = captured_conversions.assert_one(
                "Purchase", value=Decimal("59.98"), event_id=event_id, test_event_code=None,
                user={
                    "email": "ann@example.com", "phone": ["+491701234567"], "ttp": None, "ip": ANY
                },
            )
            assert "example.com" not in found["user"]["email"]
            assert found["event_source_id"] == "C0PIXEL"
            assert [one["event"] for one in captured_conversions] == ["Purchase", "AddToCart"]
            assert captured_conversions.of("AddToCart")[0]["properties"] == {"value": 5}
            assert captured_conversions[-1:] == captured_conversions.of("AddToCart")
            captured_conversions.assert_none("Lead")
            captured_conversions.assert_none("Purchase", value=1)
            captured_conversions.clear()
            captured_conversions.assert_none()
        """,
    )
    result.assert_outcomes(passed=1)


def test_a_failure_shows_the_difference(pytester: pytest.Pytester) -> None:
    """By path; of match keys their digests only."""
    result = run(
        pytester,
        """
        from shop import order

        def test_order(captured_conversions):
            order(1, user={"email": "bea@example.com"})
            order(49.98, user={"email": "ann@example.com"})
            captured_conversions.assert_one(
                "Purchase", value=59.98, user={"email": "Ann@example.com", "ttclid": "E.C.P"}
            )
        """,
    )
    result.assert_outcomes(failed=1)
    assert told(result) == [
        "AssertionError: no tracked Purchase is as expected; the closest of 2 differs:",
        "user.ttclid",
        "expected: 'E.C.P'",
        "tracked:  absent",
        "properties.value",
        "expected: 59.98",
        "tracked:  49.98",
    ]


FAILURES = {
    'assert_one("Lead")': "no Lead was tracked, but: 2 Purchase, 1 Search",
    'assert_one("Purchase")': "expected one, but 2 Purchase were tracked like that: event_id a, b",
    "assert_none()": "expected no conversion, but tracked: 2 Purchase, 1 Search",
    'assert_none("Search")': "expected none, but 1 Search were tracked like that: event_id c",
    'assert_one("Search", user={"email": "cy@example.com"}, contents=[{"price": 1}])': (
        "no tracked Search is as expected; it differs:"
    ),
}


def test_every_assertion_can_fail(pytester: pytest.Pytester) -> None:
    """With a sentence that says what was tracked instead, and without a raw match key."""
    result = run(
        pytester,
        f"""
        import pytest
        from shop import order

        @pytest.mark.parametrize("assertion", {list(FAILURES)!r})
        def test_order(captured_conversions, assertion):
            order(event_id="a")
            order(event_id="b")
            order(event_id="c", name="Search", user={{"email": "dan@example.com"}})
            eval("captured_conversions." + assertion)
        """,
    )
    result.assert_outcomes(failed=len(FAILURES))
    first = [line for line in told(result) if line.startswith("AssertionError")]
    assert first == [f"AssertionError: {message}" for message in FAILURES.values()]
    assert "dan@" not in "".join(told(result))


def test_an_event_that_cannot_be_accepted_is_refused_as_for_real(
    pytester: pytest.Pytester,
) -> None:
    """Preparing is not simulated, and nothing is captured of the call."""
    result = run(
        pytester,
        """
        import pytest
        from tiktok_events import Client, InvalidEvent, Policy

        def test_order(captured_conversions):
            client = Client(event_source_id="C0PIXEL")
            with pytest.raises(InvalidEvent):
                client.track_many([{"event": "Lead"}, {"event": "Lead", "user": 7}])
            client.track({"event": "Lead"}, policy=Policy("drop"))
            captured_conversions.assert_none()
            assert client.withheld == 1
        """,
    )
    result.assert_outcomes(passed=1)


def test_threads_and_older_clients_are_captured(pytester: pytest.Pytester) -> None:
    """A client that was made at import time records too, and sends again after the test."""
    result = run(
        pytester,
        """
        import threading
        import pytest
        from tiktok_events import Client, OutboxUnavailable

        CLIENT = Client("redis://127.0.0.1:1/0", event_source_id="C0PIXEL")

        def test_many(captured_conversions):
            def work():
                for _ in range(200):
                    CLIENT.track({"event": "Lead"})
            threads = [threading.Thread(target=work) for _ in range(8)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            assert len(captured_conversions) == 1_600

        def test_for_real():
            with pytest.raises(OutboxUnavailable):
                CLIENT.track({"event": "Lead"})
        """,
    )
    result.assert_outcomes(passed=2)


def test_national_phone_numbers_need_a_region(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the environment, as for a client, or one that the test gives."""
    monkeypatch.setenv("TIKTOK_EVENTS_DEFAULT_REGION", "de")
    result = run(
        pytester,
        """
        from tiktok_events import Client

        def test_environment(captured_conversions):
            Client(event_source_id="P").track({"event": "Lead", "user": {"phone": "0170 1234567"}})
            captured_conversions.assert_one("Lead", user={"phone": "0170 123 45 67"})

        def test_given(captured_conversions):
            captured_conversions.default_region = "AT"
            client = Client(event_source_id="P", default_region="AT")
            client.track({"event": "Lead", "user": {"phone": "0664 1234567"}})
            captured_conversions.assert_one("Lead", user={"phone": "+43 664 1234567"})
            captured_conversions.assert_one("Lead", user={"phone": "0664/1234567"})
        """,
    )
    result.assert_outcomes(passed=2)


def test_the_sandbox_answers_where_a_worker_would_send(pytester: pytest.Pytester) -> None:
    """On a port of its own for each test."""
    result = run(
        pytester,
        """
        import os, urllib.request

        def test_sandbox(sandbox):
            assert os.environ["TIKTOK_EVENTS_API_URL"] == sandbox.url
            with urllib.request.urlopen(f"{sandbox.url}/sandbox/report") as answer:
                assert answer.status == 200
            assert sandbox.report().distinct == 0

        def test_after():
            assert "TIKTOK_EVENTS_API_URL" not in os.environ
        """,
    )
    result.assert_outcomes(passed=2)


def test_the_sandbox_needs_nothing_of_the_worker(pytester: pytest.Pytester) -> None:
    """An application may have packages called `worker`, `tasks` and `schemas` itself."""
    for name in ("worker", "tasks", "schemas"):
        pytester.makepyfile(**{name: "raise RuntimeError('this is the package of somebody else')"})
    result = run(pytester, "def test_sandbox(sandbox): assert sandbox.report().requests == 0")
    result.assert_outcomes(passed=1)


def test_a_run_that_asks_for_nothing_imports_nothing(pytester: pytest.Pytester) -> None:
    """Neither our package nor what it depends on."""
    result = run(
        pytester,
        """
        import sys

        def test_nothing():
            loaded = {"tiktok_events", "redis", "orjson", "phonenumbers"} & set(sys.modules)
            assert "pytest_tiktok_events" in sys.modules and not loaded
        """,
    )
    result.assert_outcomes(passed=1)


def test_the_plugin_is_declared_and_shipped() -> None:
    """Installing the client is enough; the name is the module's, so that -p finds the same."""
    declared = tomllib.loads((ROOT / "client/pyproject.toml").read_text())
    (entry,) = declared["project"]["entry-points"]["pytest11"].items()
    assert entry == ("pytest_tiktok_events", "pytest_tiktok_events")
    assert callable(import_module(entry[1]).captured_conversions)
    assert (
        "pytest_tiktok_events.py"
        in declared["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    )
