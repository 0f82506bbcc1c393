"""Event names: standard, former, reserved, custom and nearly standard ones."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import Finding, check_event
from schemas.catalogue import (
    APP_EVENTS,
    CURRENCIES,
    FORMER_STANDARD_EVENTS,
    RESERVED_NAMES,
    STANDARD_EVENTS,
)
from schemas.names import (
    IS_GIVEN_UP,
    MEASURED_BY_PIXEL,
    NAME_RULE,
    NO_NAME,
    STANDARD_ONLY,
    WAS_GIVEN_UP,
    NameVerdict,
    judge_name,
)

EVENT: dict[str, Any] = {
    "event_time": 1767225600,
    "event_id": "id-1",
    "user": {"email": "0" * 64},
    "page": {"url": "https://shop.example/"},
}


def warned(name: str, event_source: str = "web") -> str | None:
    """Return the warning on a name that must be accepted."""
    verdict = judge_name(name, event_source)
    assert verdict.error is None
    return verdict.warning


def test_the_lists_are_complete() -> None:
    """Eighteen standard events, four former ones, 29 of apps, thirteen reserved names, 62 codes."""
    lists = (STANDARD_EVENTS, FORMER_STANDARD_EVENTS, APP_EVENTS, RESERVED_NAMES, CURRENCIES)
    assert [len(names) for names in lists] == [18, 4, 29, 13, 62]


@pytest.mark.parametrize("event_source", ["web", "offline", "crm"])
@pytest.mark.parametrize("name", sorted(STANDARD_EVENTS))
def test_a_standard_event_passes(name: str, event_source: str) -> None:
    """Standard events are accepted without a warning."""
    assert warned(name, event_source) is None


@pytest.mark.parametrize("name", sorted(APP_EVENTS))
def test_a_standard_app_event_passes(name: str) -> None:
    """Checkout and Registration are reserved on the web, and standard for apps."""
    assert warned(name, "app") is None


@pytest.mark.parametrize(
    ("name", "successor"), [("CompletePayment", "Purchase"), ("SubmitForm", "Lead")]
)
def test_a_renamed_event_names_its_successor(name: str, successor: str) -> None:
    """The old name is accepted, and the warning says what TikTok counts."""
    assert f"is an old name: TikTok counts it as {successor}" == warned(name)


@pytest.mark.parametrize(("name", "becomes"), sorted(RESERVED_NAMES.items()))
def test_a_reserved_name_says_what_becomes_of_it(name: str, becomes: str) -> None:
    """Reserved names are accepted with the event that TikTok turns them into."""
    assert f"is a reserved name: TikTok turns it into {becomes}" == warned(name)


@pytest.mark.parametrize("name", ["Pageview", "PageView", "Quiz-Finished_2", "x", "A" * 50])
def test_a_custom_name_passes(name: str) -> None:
    """A name within the rule that resembles no standard event draws no warning."""
    assert warned(name) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("purchase", "Purchase"),
        ("PURCHASE", "Purchase"),
        ("Purchse", "Purchase"),
        ("add_to_cart", "AddToCart"),
        ("Add-To-Cart", "AddToCart"),
        ("Addtocart", "AddToCart"),
        ("AddToCrat", "AddToCart"),
        ("ViewContents", "ViewContent"),
        ("Serach", "Search"),
        ("complete_payment", "CompletePayment"),
        ("SHOPPING", "Purchase"),
        ("FORM", "Lead"),
    ],
)
def test_a_near_miss_names_the_standard_event(name: str, meant: str) -> None:
    """TikTok would take it silently as custom; the warning asks, and the event is sent."""
    assert f"counts as a custom event; was {meant} meant?" == warned(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "A" * 51,
        "9Lives",
        "_x",
        "-x",
        "Two Words",
        "Purchase ",
        "Größe",
        "a@b",
        "a\n",
        "a.b",
    ],
)
@pytest.mark.parametrize("event_source", ["web", "app", "offline"])
def test_a_name_against_the_rule_is_refused(name: str, event_source: str) -> None:
    """The error states the rule and not the name."""
    error = judge_name(name, event_source).error
    assert error
    assert error.partition(";")[0] == NAME_RULE


@pytest.mark.parametrize(
    "name", ["", "\x00", "A" * 257, "A" * 100_000, 5, None, ["Purchase"], {}, True]
)
def test_whatever_stands_for_the_name_is_judged(name: Any) -> None:
    """Nothing but a string that can be read passes as a name."""
    checked = check_event(EVENT | {"event": name}, "web")
    expected = "is required" if name is None else NAME_RULE
    assert (Finding("event", expected),) == checked.errors


@pytest.mark.parametrize(
    ("name", "error"),
    [("QuizFinished", STANDARD_ONLY), ("purchase", f"{STANDARD_ONLY}; was Purchase meant?")],
)
def test_offline_takes_no_custom_name(name: str, error: str) -> None:
    """Offline events are standard events; a near miss is named in the error."""
    assert error == judge_name(name, "offline").error


def test_the_warning_on_a_name_stands_at_the_event() -> None:
    """The event is valid and carries its name unchanged."""
    checked = check_event(EVENT | {"event": "add_to_cart"}, "web")
    assert (
        checked.event["event"],
        [warning.path for warning in checked.warnings],
    ) == ("add_to_cart", ["event"])


@pytest.mark.parametrize("name", ["ClickButton", "PlaceAnOrder"])
def test_a_name_that_is_given_up_says_until_when(name: str) -> None:
    """By the time of the event: whoever sends it next year hears that it is over."""
    [before] = check_event(EVENT | {"event": name}, "web").warnings
    [after] = check_event(EVENT | {"event": name, "event_time": 1798761600}, "web").warnings
    assert before.message == IS_GIVEN_UP.format("2027-01-01")
    assert after.message == WAS_GIVEN_UP.format("2027-01-01")


@pytest.mark.parametrize(
    ("name", "meant"), [("View Content", "ViewContent"), ("Complete Payment", "CompletePayment")]
)
@pytest.mark.parametrize("event_source", ["web", "offline"])
def test_a_near_miss_with_a_blank_names_the_standard_event(
    name: str, meant: str, event_source: str
) -> None:
    """It is sent; a strict check refuses it with the same hint."""
    checked = check_event(EVENT | {"event": name}, event_source)
    strict = check_event(EVENT | {"event": name}, event_source, strict=True)
    assert checked.event["event"] == name
    for found in (checked.warnings[0], strict.errors[0]):
        assert (found.path, f"was {meant} meant?") == ("event", found.message.split("; ")[-1])


@pytest.mark.parametrize("name", ["Qualified Lead", "商談成立", "عميل مؤهل", "Größe 2", "x" * 256])
def test_a_stage_of_a_crm_has_any_name(name: str) -> None:
    """In any language, with blanks."""
    assert judge_name(name, "crm") == NameVerdict()


@pytest.mark.parametrize("name", ["", " ", " x", "x ", "a\nb", "x" * 257])
def test_a_stage_of_a_crm_can_be_read(name: str) -> None:
    """Visible, and not endless."""
    assert judge_name(name, "crm").error == NO_NAME


@pytest.mark.parametrize("name", ["LANDING_PAGE_VIEW", "ENGAGED_SESSION"])
def test_what_the_pixel_measures_is_no_event_to_be_sent(name: str) -> None:
    """It would count as a custom event."""
    assert warned(name) == MEASURED_BY_PIXEL
