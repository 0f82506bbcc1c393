"""Texts that come from elsewhere, and what is left of them."""

from __future__ import annotations

import time

import pytest

from worker.reporting.redaction import MAX_CHAIN, MAX_TEXT, failures, redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sent to jo@example.com.", "sent to [e-mail]"),
        ("sent to <jo@example.com>,", "sent to <[e-mail]>,"),
        ("jo%40example.com", "[e-mail]"),
        ("jo\uff20example.com", "[e-mail]"),
        ("call +49 (30) 1234-567 now", "call [number] now"),
        ("call 030/1234567", "call [number]"),
        ("token " + "0aF1" * 10, "token [digest]"),
        ("hash " + "0af1" * 16 + " refused", "hash [digest] refused"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [token]"),
        ("{'first_name': 'Ada', 'city': \"Ulm\"}", "{'first_name': [value], 'city': [value]}"),
        ('"external_id": ["c-1"], "x": 1', '"external_id": [value], "x": 1'),
        (r"{\"external_id\": \"c-1\"}", r"{\"external_id\": [value]}"),
        ("last_name='cut off", "last_name=[value]"),
    ],
)
def test_a_value_becomes_a_word(text: str, expected: str) -> None:
    """Addresses, numbers, tokens, digests and quoted match keys."""
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "user.email.0: must be a string",
        "properties.value: must be a number from 0 to 1,000,000",
        "Access token is incorrect or has been revoked.",
        "code 40105, HTTP 401, 1000 events",
        "Batch.17.properties.contents: refused",
    ],
)
def test_a_sentence_without_values_stays(text: str) -> None:
    """What is wrong remains readable."""
    assert redacted(text) == text


def test_a_long_text_is_cut() -> None:
    """A log line has an end."""
    assert len(redacted("word " * 10_000)) == MAX_TEXT


def test_a_text_is_not_cut_within_a_value() -> None:
    """Half an address has no pattern, so it is not read at all."""
    assert redacted("jo" * 5_000 + "@example.com") == "[one long word]"


@pytest.mark.parametrize("piece", ["a", "1 ", "@", "name='", "aaa %", "+1(", '\\\\"'])
def test_a_hostile_text_costs_little(piece: str) -> None:
    """An answer of a megabyte does not stop a worker."""
    began = time.process_time()
    redacted(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 0.5


def test_a_chain_of_failures_has_an_end() -> None:
    """Causes are followed as Python prints them, not for ever."""
    error = ValueError("0")
    for _ in range(MAX_CHAIN * 2):
        outer = ValueError("1")
        outer.__cause__, error = error, outer
    assert len(failures(error)) == MAX_CHAIN


def test_a_suppressed_context_is_not_reported() -> None:
    """`raise … from None` hides what came before."""
    error = ValueError("outer")
    error.__context__ = KeyError("inner")
    error.__suppress_context__ = True
    assert [failure.type for failure in failures(error)] == ["ValueError"]
