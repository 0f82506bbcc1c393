"""The visitor's address behind proxies: ours are believed, nobody else is."""

from __future__ import annotations

import pytest

from tiktok_events.web.request import WebRequest
from tiktok_events.web.visitor_ip import (
    FORWARDED,
    MOST_HOPS,
    X_FORWARDED_FOR,
    TrustedProxies,
    public_address,
    trusted_proxies,
    visitor_ip,
)

VISITOR = "8.8.4.4"
SPOOFED = "9.9.9.9"
PROXIES = trusted_proxies("10.0.0.0/8, fd00::/8")


def request(peer: str, **headers: str | list[str]) -> WebRequest:
    """A request from a machine, with headers."""
    named = {
        name.replace("_", "-"): [value] if isinstance(value, str) else value
        for name, value in headers.items()
    }
    return WebRequest(is_secure=True, path="/", query="", peer=peer, headers=named)


def listed(peer: str, *values: str, trusted: TrustedProxies = PROXIES) -> str | None:
    """What is found with these values of `X-Forwarded-For`."""
    asked = request(peer, x_forwarded_for=list(values))
    return visitor_ip(asked, trusted, X_FORWARDED_FOR)


def forwarded(value: str) -> str | None:
    """What is found with this value of `Forwarded`, from a proxy of ours."""
    return visitor_ip(request("10.0.0.1", forwarded=value), PROXIES, FORWARDED)


def test_without_proxies_the_connection_tells() -> None:
    """The header is not even read when nobody is trusted."""
    assert listed(VISITOR, SPOOFED, trusted=TrustedProxies()) == VISITOR


def test_a_stranger_cannot_name_another_address() -> None:
    """Who calls past our proxies is the visitor, whatever the header says."""
    assert listed(VISITOR, SPOOFED) == VISITOR


@pytest.mark.parametrize(
    ("peer", "values"),
    [
        ("10.0.0.1", [VISITOR]),
        ("10.0.0.1", [f"{SPOOFED}, {VISITOR}, 10.1.2.3"]),
        ("10.0.0.1", [SPOOFED, f"{VISITOR}, 10.1.2.3"]),
        ("10.0.0.1", [f"10.9.9.9, {VISITOR}"]),
        ("fd00::1", [f"{SPOOFED},{VISITOR},::ffff:10.0.0.7"]),
        ("10.0.0.1", [f"{SPOOFED}, {VISITOR}:55123"]),
    ],
)
def test_the_right_most_address_that_is_not_ours_is_the_visitor(
    peer: str, values: list[str]
) -> None:
    """Whatever stands left of it may be made up."""
    assert listed(peer, *values) == VISITOR


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["10.0.0.2"],
        [f"{VISITOR}, unknown"],
        [f"{VISITOR}, 300.1.1.1"],
        [f"{VISITOR},"],
        [f"{VISITOR}, 192.168.1.1"],
        [", ".join([VISITOR] * (MOST_HOPS + 1))],
    ],
    ids=["absent", "empty", "ours", "word", "no address", "comma", "private", "endless"],
)
def test_nothing_is_believed_left_of_what_cannot_be_read(values: list[str]) -> None:
    """Rather no address than a made up one."""
    assert listed("10.0.0.1", *values) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"for={VISITOR}", VISITOR),
        (f"For={SPOOFED};proto=http, proto=https;FOR={VISITOR};by=10.0.0.1", VISITOR),
        ('for="[2001:4860:4860::8844]:4711"', "2001:4860:4860::8844"),
        (f'for="{VISITOR}:80"', VISITOR),
        (f'for="broken, for={VISITOR}', VISITOR),
        (f"for={VISITOR}, for=_hidden", None),
        (f"for={VISITOR}, for=unknown", None),
        (f"for={VISITOR}, by=10.0.0.1", None),
        ("for", None),
    ],
)
def test_the_standard_header_is_read_from_its_right_end(value: str, expected: str | None) -> None:
    """With ports, brackets and quotes; a name that hides an address is no address."""
    assert forwarded(value) == expected


def test_only_the_header_of_the_settings_is_read() -> None:
    """A visitor can send the one that our proxy does not write."""
    asked = request("10.0.0.1", forwarded=f"for={SPOOFED}", x_forwarded_for=VISITOR)
    assert visitor_ip(asked, PROXIES, X_FORWARDED_FOR) == VISITOR


def test_another_header_can_be_named() -> None:
    """Some networks write the address alone into a header of their own."""
    asked = request("10.0.0.1", cf_connecting_ip=VISITOR)
    assert visitor_ip(asked, PROXIES, "cf-connecting-ip") == VISITOR


@pytest.mark.parametrize(("setting", "expected"), [("unix", VISITOR), ("10.0.0.0/8", None)])
def test_a_unix_socket_is_trusted_when_the_settings_say_so(
    setting: str, expected: str | None
) -> None:
    """There the connection has no address."""
    assert listed("", VISITOR, trusted=trusted_proxies(setting)) == expected


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 — because it is looked at, not listened on
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "203.0.113.7",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "2001:4860::1%eth0",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "1.2.3",
        "01.2.3.4",
        "",
    ],
)
def test_an_address_that_is_no_visitors_is_left_out(address: str) -> None:
    """Private, loopback, link-local, shared, multicast, reserved, for examples, or none."""
    assert public_address(address) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (VISITOR, VISITOR),
        (f" {VISITOR} ", VISITOR),
        (f"::ffff:{VISITOR}", VISITOR),
        ("2001:4860:4860:0:0:0:0:8888", "2001:4860:4860::8888"),
        ("[2001:4860:4860::8888]", "2001:4860:4860::8888"),
        ("[2001:4860:4860::8888]:443", "2001:4860:4860::8888"),
    ],
)
def test_a_public_address_is_kept(given: str, expected: str) -> None:
    """IPv4, IPv6, and the one within the other, without ports and brackets."""
    assert public_address(given) == expected


@pytest.mark.parametrize("value", ["10.0.0.1/8", "proxy", "10.0.0.0/33", 7, [None], ["", "x"]])
def test_a_setting_that_is_no_network_is_refused(value: object) -> None:
    """A list, or a text with commas; a host part behind the mask is a mistake too."""
    with pytest.raises(ValueError, match="must be networks such as"):
        trusted_proxies(value)


def test_the_setting_may_be_a_list() -> None:
    """As Django's settings have it."""
    assert trusted_proxies(["10.0.0.0/8", "fd00::/8"]) == PROXIES
