"""A policy decides what of an event may be shared."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.errors import InvalidDestination, InvalidSetting
from tiktok_events.event.policy import Policy, PolicyRule
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.event.remarks import REMARKS

EVENT: Mapping[str, Any] = {
    "event": "Purchase",
    "event_id": "order-7",
    "event_time": 1_767_225_600,
    "user": {"email": "jo@example.com", "ip": "203.0.113.7", "ttclid": "E.C.P"},
    "properties": {"value": 5, "contents": [{"content_id": "a", "price": 2}, {"price": 3}, "x"]},
    "page": {"url": "https://shop.example/?email=jo&ttclid=E.C.P&b=1"},
}
NO_CLICK = {"url": "https://shop.example/?email=jo&b=1"}


def body(policy: PolicyRule, **given_fields: Any) -> dict[str, Any]:
    """What stands in the outbox under a policy."""
    prepared = EventPreparer({"web": "P"}, None, 65_536, policy).prepare({**EVENT, **given_fields})
    return dict(orjson.loads(prepared.body))


# --- fields --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remove", "expected"),
    [
        (("user.email", "user.ip"), {**EVENT, "user": {"ttclid": "E.C.P"}}),
        (("user",), {**{key: EVENT[key] for key in EVENT if key != "user"}, "page": NO_CLICK}),
        (("user.name", "lead.lead_id", "event.x"), EVENT),
    ],
    ids=["fields", "an object", "what is not there"],
)
def test_fields_stay_at_home(remove: tuple[str, ...], expected: Mapping[str, Any]) -> None:
    """One field or a whole object; the others go as they are."""
    assert expected == Policy(remove=remove).applied_to(EVENT)


@pytest.mark.parametrize("remove", ["user", "user.ttclid"])
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/?ttclid=a", "https://x.example/"),
        ("https://x.example/?ttclid=a&b=1#c", "https://x.example/?b=1#c"),
        ("https://x.example/?b=&TTCLID=a&ttclid=c", "https://x.example/?b="),
        ("https://x.example/#ttclid=a", "https://x.example/"),
        ("https://x.example/ttclid=a?", "https://x.example/ttclid=a?"),
        (7, 7),
    ],
)
def test_a_click_id_that_stays_at_home_is_in_no_url(remove: str, url: Any, expected: Any) -> None:
    """Neither in the page's nor in that of the page before."""
    page = {"url": url, "referrer": url, "title": "ttclid=a"}
    shared = Policy(remove=(remove,)).applied_to({"event": "Lead", "page": page})
    assert shared["page"] == {**page, "url": expected, "referrer": expected}
    assert Policy(remove=(remove,)).applied_to({"page": "x"}) == {"page": "x"}


def test_fields_leave_every_object_of_a_list() -> None:
    """Of contents, for example; what is no object stays."""
    applied = Policy(remove=("properties.contents.price",)).applied_to(EVENT)
    assert applied["properties"]["contents"] == [{"content_id": "a"}, {}, "x"]


PATHS = st.sampled_from(["user", "user.email", "page.url", "properties.contents", "app.app_id"])
OBJECTS = st.dictionaries(
    st.sampled_from(["email", "url", "contents", "app_id", "other"]),
    st.none() | st.integers() | st.lists(st.dictionaries(st.just("url"), st.integers())),
)
EVENTS = st.dictionaries(st.sampled_from(["user", "page", "properties", "app"]), OBJECTS)


@given(event=EVENTS, remove=st.lists(PATHS), use=st.sampled_from(["keep", "limit"]))
def test_only_what_is_named_goes(event: dict[str, Any], remove: list[str], use: Any) -> None:
    """Every other field stays as it is, and the caller's event unchanged."""
    before = copy.deepcopy(event)
    applied = dict(Policy(use, tuple(remove)).applied_to(event))
    assert before == event
    assert (True if use == "limit" else None) == applied.pop("limited_data_use", None)
    for path in remove:
        name, _, field = path.partition(".")
        before.get(name, {}).pop(field, None)
        if not field:
            before.pop(name, None)
    assert before == applied


@pytest.mark.parametrize("path", ["event_id", "event_time", "event", "limited_data_use"])
def test_what_an_event_cannot_do_without_is_refused(path: str) -> None:
    """The identity, and the limit itself."""
    with pytest.raises(InvalidSetting, match=f"cannot remove {path}"):
        Policy(remove=(path,))


@pytest.mark.parametrize("remove", ["user.email", ("",), ("user..email",), ("user.0",), (7,)])
def test_what_is_no_path_is_refused(remove: Any) -> None:
    """One string in place of several, too."""
    with pytest.raises(InvalidSetting, match="policy"):
        Policy(remove=remove)


def test_another_use_is_refused() -> None:
    """A misspelt policy must not share what it should not."""
    with pytest.raises(InvalidSetting, match="must be one of keep, limit, drop"):
        Policy("limited")  # type: ignore[arg-type]


# --- in the producer -----------------------------------------------------------------------


def test_limit_asks_for_limited_data_use() -> None:
    """The event goes, with the flag."""
    assert body(Policy("limit"))["limited_data_use"] is True
    assert body(Policy("limit"), limited_data_use=False)["limited_data_use"] is True
    assert "limited_data_use" not in body(Policy())


def test_dropped_events_have_an_id_and_no_body() -> None:
    """Nothing of them is left that could be sent."""
    prepared = EventPreparer({"web": "P"}, None, 65_536, Policy("drop")).prepare(EVENT)
    assert (prepared.body, prepared.event_id, prepared.withheld) == (b"", "order-7", True)


def test_a_dropped_event_still_needs_a_destination() -> None:
    """A mistake in the set-up shows with and without consent."""
    with pytest.raises(InvalidDestination):
        EventPreparer({}, None, 65_536, Policy("drop")).prepare(EVENT)


def test_a_function_decides_for_each_event() -> None:
    """It sees the event as it was given."""

    def rule(event: Mapping[str, Any]) -> Policy:
        denied = event["user"].get("email") == "jo@example.com"
        return Policy("limit") if denied else Policy()

    assert body(rule)["limited_data_use"] is True
    assert "limited_data_use" not in body(rule, user={})


def test_the_policy_of_a_call_stands_in_place_of_the_producers() -> None:
    """It may be looser or stricter."""
    preparer = EventPreparer({"web": "P"}, None, 65_536, Policy("drop"))
    assert not preparer.prepare(EVENT, policy=Policy()).withheld
    assert EventPreparer({"web": "P"}, None, 65_536).prepare(EVENT, policy=Policy("drop")).withheld


def test_a_function_that_decides_nothing_is_a_mistake() -> None:
    """Nothing is shared by accident."""
    with pytest.raises(InvalidSetting, match="must return a Policy, not NoneType"):
        body(lambda _event: None)  # type: ignore[arg-type, return-value]


def test_a_removed_match_key_is_not_even_looked_at() -> None:
    """One of a wrong type is remarked on only where it is shared."""
    removed = body(Policy(remove=("user.email",)), user={"email": {"a": 1}})
    assert "user.email" not in removed.get(REMARKS, {})
    assert "user.email" in body(Policy(), user={"email": {"a": 1}})[REMARKS]


def test_url_parameters_are_stripped_from_the_page() -> None:
    """By the producer, before anything is enqueued."""
    preparer = EventPreparer({"web": "P"}, None, 65_536, strip=frozenset({"email"}))
    expected = {"url": "https://shop.example/?ttclid=E.C.P&b=1"}
    assert expected == orjson.loads(preparer.prepare(EVENT).body)["page"]
