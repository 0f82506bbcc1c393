"""`Accept-Language` as browsers and others send it."""

from __future__ import annotations

import pytest

from tiktok_events.web.locale import preferred_locale


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de", "de"),
        ("de-DE,de;q=0.9,en-US;q=0.8", "de-DE"),
        ("en;q=0.5, fr-ca;q=0.9", "fr-CA"),
        ("fr;q=0.7, en ; q = 0.7", "fr"),
        ("*, nl;q=0.1", "nl"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("EN-us-U-HC-h12", "en-US-u-hc-h12"),
        ("es-419", "es-419"),
    ],
)
def test_the_tag_with_the_greatest_weight_is_taken(header: str, expected: str) -> None:
    """The first of equals, in its usual case."""
    assert preferred_locale(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "*",
        "de;q=0",
        "de;q=2",
        "de;q=nan",
        "de_DE",
        "d",
        "12",
        "dé",
        "de-",
        "en-" + "x" * 9,
        "en" + "-abcdefgh" * 4,
        "," * 40 + "de",
        "\x00",
    ],
)
def test_what_is_no_tag_is_left_out(header: str) -> None:
    """So is a language that nobody wants, and anything endless."""
    assert preferred_locale(header) is None
