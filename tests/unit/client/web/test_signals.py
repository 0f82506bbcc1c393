"""What consent platforms and browsers say is read as their own encoders wrote it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events import InvalidSetting, Policy
from tiktok_events.web.signals import ConsentSignals, gpp
from tiktok_events.web.signals.tcf import TCString, canada_allows

VECTORS: Final = json.loads((Path(__file__).parent / "consent_vectors.json").read_text())
KEEP, LIMIT, DROP = Policy(), Policy("limit"), Policy("drop")
YES: Final = next(one for one in VECTORS["tcf"] if {1, 3, 4, 7} <= set(one["purposes"]))["string"]
NO: Final = next(one for one in VECTORS["tcf"] if 1 not in one["purposes"])["string"]
OUT: Final = next(one for one in VECTORS["gpp"] if one["opted_out"].get("8"))["string"]
IN: Final = next(one for one in VECTORS["gpp"] if one["opted_out"] == {"8": False})["string"]


def request(cookie: str = "", gpc: str = "") -> dict[str, Any]:
    """A WSGI environ with cookies and the header of Global Privacy Control."""
    return {
        "REQUEST_METHOD": "GET",
        "HTTP_COOKIE": cookie,
        **({"HTTP_SEC_GPC": gpc} if gpc else {}),
    }


def test_there_are_a_hundred_vectors() -> None:
    """Made by IAB's own encoders."""
    assert len(VECTORS["tcf"]) + len(VECTORS["gpp"]) >= 100


@pytest.mark.parametrize("vector", VECTORS["tcf"], ids=lambda one: one["string"][:12])
def test_a_tc_string_is_read(vector: dict[str, Any]) -> None:
    """Purposes, vendors as bits and as ranges, and what the publisher forbids."""
    read = TCString.of(vector["string"])
    assert sorted(read.purposes) == vector["purposes"]
    vendors = {vendor for one in read.vendors for vendor in one}
    assert vendors == {v for first, last in vector["vendors"] for v in range(first, last + 1)}
    forbidden = [[purpose, v] for purpose, ranges in read.forbidden for one in ranges for v in one]
    assert forbidden == vector["forbidden"]


@pytest.mark.parametrize("vector", VECTORS["gpp"], ids=lambda one: one["string"][:12])
def test_a_gpp_string_is_read(vector: dict[str, Any]) -> None:
    """Each section of a law by itself."""
    found = gpp.sections(vector["string"])
    opted = {str(s): gpp.opted_out(s, text) for s, text in found.items() if s > gpp.CANADA}
    assert opted == vector["opted_out"]
    if "purposes" in vector:
        read = TCString.of(found[gpp.EUROPE])
        assert sorted(read.purposes) == vector["purposes"]
        assert [one.start for one in read.vendors] == vector["vendors"]
    if "canada" in vector:
        assert canada_allows(found[gpp.CANADA], vector["canada"])
        others = set(range(1, 12)) - set(vector["canada"])
        assert not any(canada_allows(found[gpp.CANADA], [one]) for one in others)


@pytest.mark.parametrize(
    ("cookie", "gpc", "expected"),
    [
        (f"euconsent-v2={YES}", "", KEEP),
        (f"euconsent-v2={NO}", "", DROP),
        (f'eupubconsent-v2="{YES}"', "", KEEP),
        (f"euconsent-v2={YES}", "1", LIMIT),
        (f"euconsent-v2={YES}", "0", KEEP),
        (f"euconsent-v2={NO}", "1", DROP),
        (f"euconsent-v2={YES}; eupubconsent-v2={NO}", "", DROP),
        (f"OTGPPConsent={OUT}", "", LIMIT),
        (f"OTGPPConsent={IN}", "", KEEP),
        (f"IABGPP_HDR_GppString={IN.replace('~', '%7E')}", "1", LIMIT),
        (f"OTGPPConsent={IN}; euconsent-v2={NO}", "", DROP),
        ("", "1", DROP),
        ("", "", DROP),
    ],
)
def test_the_strictest_signal_decides(cookie: str, gpc: str, expected: Policy) -> None:
    """And where there is none, nobody has agreed."""
    assert ConsentSignals()(request(cookie, gpc)) == expected


@pytest.mark.parametrize(
    ("otherwise", "gpc", "expected"),
    [
        (True, "", KEEP),
        (True, "1", LIMIT),
        (LIMIT, "", LIMIT),
        (lambda seen: seen["REQUEST_METHOD"] == "GET", "", KEEP),
        (lambda _: "yes", "", DROP),
    ],
)
def test_without_a_string_the_shop_answers(otherwise: Any, gpc: str, expected: Policy) -> None:
    """By yes, no, a policy or a callable of its own; never by what merely counts as true."""
    assert ConsentSignals(otherwise=otherwise)(request("", gpc)) == expected


def test_purposes_and_vendor_can_be_set() -> None:
    """What means consent is the shop's to say."""
    vector = next(one for one in VECTORS["tcf"] if one["forbidden"])
    (purpose, forbidden) = vector["forbidden"][0]
    asked = request(f"euconsent-v2={vector['string']}")
    first = vector["vendors"][-1][-1]
    other = next(one for one in vector["purposes"] if one != purpose)
    assert ConsentSignals(purposes=[other], vendor=first)(asked) == KEEP
    assert ConsentSignals(purposes=[other], vendor=1_399)(asked) == DROP
    assert ConsentSignals(purposes=[purpose], vendor=forbidden)(asked) == DROP
    assert (
        ConsentSignals(opted_out=DROP, purposes=[other])(
            request(f"euconsent-v2={vector['string']}", "1")
        )
        == DROP
    )


@pytest.mark.parametrize("given", [{"purposes": ["1"]}, {"vendor": 0}, {"purposes": [True]}])
def test_a_number_that_is_none_is_refused(given: Any) -> None:
    """When the shop starts, not when a visitor comes."""
    with pytest.raises(InvalidSetting, match="numbers from 1 up"):
        ConsentSignals(**given)


@pytest.mark.parametrize("name", ["euconsent-v2", "OTGPPConsent"])
@pytest.mark.parametrize(
    "junk", ["x", "undefined", "null", "DBAA", "DBAA~", "DBABBg~", YES[:20], "~" * 9, "C" * 20_000]
)
def test_a_string_that_is_none_is_a_no(
    name: str, junk: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged without what stands in it."""
    asked = ConsentSignals(otherwise=False)
    with caplog.at_level(logging.WARNING, "tiktok_events.web"):
        assert asked(request(f"{name}={junk}")) == DROP
    assert junk not in caplog.text or junk in {"x", "C"}


@given(st.text(alphabet=st.sampled_from("ABCDEFGHIZaz019-_~.YN"), min_size=1, max_size=60))
def test_nothing_that_a_visitor_sends_makes_it_fail(text: str) -> None:
    """Whatever it is, it has an answer."""
    signals = ConsentSignals(otherwise=True)
    asked = request(f"euconsent-v2={text}; OTGPPConsent={text}")
    assert signals(asked).use in {"keep", "limit", "drop"}
