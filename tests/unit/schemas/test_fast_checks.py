"""What is checked in a fast way is what the plain definition says."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.digests import is_digest
from schemas.event import EVENTS
from schemas.names import NameVerdict, judge_name, plain_names
from tiktok_events.event.ip import is_public

HIDDEN = [
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"),
    )
]
EDGES = [
    IPv4Address(number % 2**32)
    for network in HIDDEN
    for edge in (network[0], network[-1])
    for number in (int(edge) - 1, int(edge), int(edge) + 1)
]
ALMOST_DIGESTS = st.text("0123456789abcdefABCDEFg _\n\u0663", min_size=60, max_size=66)


@pytest.mark.parametrize("address", EDGES, ids=str)
def test_an_address_beside_a_hidden_network_is_public(address: IPv4Address) -> None:
    """To the address, at both ends of each network."""
    hidden = any(address in network for network in HIDDEN)
    assert (not hidden) == is_public(address.packed)


@given(st.ip_addresses(v=4))
def test_any_address_outside_the_hidden_networks_is_public(address: IPv4Address) -> None:
    """However the networks lie."""
    hidden = any(address in network for network in HIDDEN)
    assert (not hidden) == is_public(address.packed)


@given(st.ip_addresses(v=6) | st.ip_addresses(network="2000::/3"))
def test_a_long_address_is_public_in_the_global_network_only(address: IPv6Address) -> None:
    """Everything else is local, or not given out."""
    assert (address in ip_network("2000::/3")) == is_public(address.packed)


@given(ALMOST_DIGESTS | st.text("0123456789abcdefABCDEF", min_size=64, max_size=64))
@example("0" * 63 + "\ud800")
@example("0" * 31 + "  " + "0" * 31)
def test_a_digest_is_64_hex_digits(value: str) -> None:
    """No space, sign or underscore, and no other script's digits."""
    assert bool(re.fullmatch("[0-9A-Fa-f]{64}", value)) == is_digest(value)


@pytest.mark.parametrize("value", [None, 5, b"0" * 64, ["0" * 64], {}])
def test_only_a_text_is_a_digest(value: Any) -> None:
    """Bytes are not, although they could be decoded."""
    assert is_digest(value) is False


@pytest.mark.parametrize("event_source", sorted(EVENTS))
def test_a_plain_name_has_no_verdict(event_source: str) -> None:
    """The shortcut passes what the long way passes without a word."""
    names = plain_names(event_source)
    assert {judge_name(name, event_source) for name in names} == {NameVerdict()}


def test_null_is_left_out_on_the_fast_way() -> None:
    """Many producers write every key they know: that must not cost the full report."""
    plan = EVENTS["web"].plan("")
    event = {
        "event": "Purchase",
        "event_time": 1767225600,
        "event_id": "e1",
        "user": {"email": None, "ttp": "x", "colour": None},
        "page": {"url": "https://shop.example/"},
        "properties": None,
        "extra": None,
    }
    clean = {key: event[key] for key in ("event", "event_time", "event_id", "page")}
    assert clean | {"user": {"ttp": "x"}} == plan.run(event, [])
