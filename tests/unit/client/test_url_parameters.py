"""Named parameters leave a URL; nothing else of it changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.event.url_parameters import parameter_names, strip_page, strip_parameters

NAMES = frozenset({"email", "phone"})
EVERY = frozenset({"*"})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a?email=jo&b=1", "https://x.example/a?b=1"),
        ("https://x.example/a?b=1&email=jo", "https://x.example/a?b=1"),
        ("https://x.example/a?email=jo", "https://x.example/a"),
        ("https://x.example/a?EMail=jo&B=%c3%a4+1", "https://x.example/a?B=%c3%a4+1"),
        ("https://x.example/a?%65mail=jo&b", "https://x.example/a?b"),
        ("https://x.example/a?email[]=jo&email%5B1%5D=al&b=2", "https://x.example/a?b=2"),
        ("https://x.example/a?b=1;email=jo;c=2&d", "https://x.example/a?b=1;c=2&d"),
        ("https://x.example/a?email=jo;c=2", "https://x.example/a?c=2"),
        ("https://x.example/a?b=1?email=jo", "https://x.example/a?b=1"),
        ("https://x.example/a#email=jo&b=1", "https://x.example/a#b=1"),
        ("https://x.example/a#/thanks?phone=1&b", "https://x.example/a#/thanks?b"),
        ("https://x.example/a?email=jo#email", "https://x.example/a#email"),
        ("https://x.example/email=jo", "https://x.example/email=jo"),
        ("https://x.example/a?", "https://x.example/a?"),
        ("https://x.example/a?&&b=1&#", "https://x.example/a?&&b=1&#"),
        ("/a?femail=jo&emails=al", "/a?femail=jo&emails=al"),
        ("?email=jo", ""),
        ("", ""),
    ],
)
def test_what_is_named_leaves_and_the_rest_keeps_its_bytes(url: str, expected: str) -> None:
    """In any case, in the query and in the fragment, between any marks."""
    assert expected == strip_parameters(url, NAMES)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/a?utm_source=x&ttclid=E.C.P&email=jo", "/a?ttclid=E.C.P"),
        ("/a?TTCLID=E.C.P;x?y&b=1", "/a?TTCLID=E.C.P;x?y"),
        ("/a?b=1;ttclid=E.C.P", "/a?ttclid=E.C.P"),
        ("/a?b=1#top", "/a#top"),
        ("/a#/thanks?b=1", "/a#/thanks"),
    ],
)
def test_a_star_leaves_the_click_id_alone(url: str, expected: str) -> None:
    """Everything else that is a parameter goes."""
    assert expected == strip_parameters(url, EVERY)


def test_only_the_urls_of_a_page_are_touched() -> None:
    """A field of another type is left for the worker's report."""
    page = {"url": "/a?email=jo", "referrer": "/b?phone=1&c", "title": "x?email=jo", "n": 1}
    expected = {"url": "/a", "referrer": "/b?c", "title": "x?email=jo", "n": 1}
    assert expected == strip_page(page, NAMES)
    assert strip_page({"url": 7}, NAMES) == {"url": 7}


PIECE = st.text(st.characters(codec="ascii", exclude_characters="&;?#=[]%+"), max_size=8)
PAIRS = st.lists(st.tuples(PIECE, PIECE), max_size=6)


def query(pairs: Sequence[tuple[str, str]]) -> str:
    """Pairs as they stand in a URL."""
    return "&".join(f"{name}={value}" for name, value in pairs)


def folded(name: str) -> str:
    """A name as it is compared."""
    return name.strip().casefold()


@given(pairs=PAIRS, chosen=st.sets(PIECE.map(folded).filter(bool), max_size=3))
def test_others_keep_their_bytes_and_order(pairs: list[tuple[str, str]], chosen: set[str]) -> None:
    """Of any query, exactly the pairs that are not named stay."""
    names = frozenset(chosen - {"ttclid", "*"})
    stay = [pair for pair in pairs if folded(pair[0]) not in names]
    mark = "?" if stay or not pairs else ""
    assert f"/a{mark}{query(stay)}" == strip_parameters(f"/a?{query(pairs)}", names)


@given(url=st.text(), names=st.sampled_from([NAMES, EVERY]))
def test_stripping_twice_changes_nothing_more(url: str, names: frozenset[str]) -> None:
    """Any text is taken, and an event may pass twice."""
    once = strip_parameters(url, names)
    assert once == strip_parameters(once, names)


@given(url=st.text("?&;#=[]aemilEMAIL%65/"), names=st.just(NAMES))
def test_no_named_parameter_stays(url: str, names: frozenset[str]) -> None:
    """However the marks stand, no part of the query begins like one."""
    path, _, query_ = strip_parameters(url, names).partition("#")[0].partition("?")
    parts = re.split("[&;?]", query_)
    assert [p for p in parts if re.match(r"(?i)\s*email(\[.*?)?(=|$)", p)] == []
    assert url.startswith(path)


@pytest.mark.parametrize(
    ("given_names", "expected"),
    [("email, Phone", NAMES), (["EMAIL", "phone"], NAMES), ("*", EVERY)],
)
def test_names_come_as_one_text_or_several(given_names: object, expected: frozenset[str]) -> None:
    """From the environment, or from code."""
    assert expected == parameter_names(given_names)


@pytest.mark.parametrize("value", ["", " , ", "a,,b", [], [1], 7, "a\nb"])
def test_what_is_no_name_is_refused(value: object) -> None:
    """The sentence says what is allowed."""
    with pytest.raises(ValueError, match="must be names of URL parameters"):
        parameter_names(value)


def test_the_click_id_cannot_be_named() -> None:
    """It would cost the attribution of every click."""
    with pytest.raises(ValueError, match="must not name ttclid"):
        parameter_names("email,TTCLID")
