"""The browser's half of an event: what it says, and that nothing breaks out of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events import InvalidEvent
from tiktok_events.event.readings import readable_name
from tiktok_events.web import pixel_event, pixel_script

PURCHASE = {
    "event": "Purchase",
    "event_id": "order-1",
    "user": {"email": "jo@example.com", "ttclid": "E.C.P.x", "ip": "8.8.4.4"},
    "properties": {
        "value": Decimal("59.98"),
        "currency": "EUR",
        "contents": [{"content_id": 17, "price": 29.99, "quantity": 2, "vat": 19}],
        "order_id": 1001,
        "coupon": "SPRING",
        "description": "",
        "query": None,
    },
    "page": {"url": "https://shop.example/thanks"},
}
NODE = shutil.which("node")
LOOP = """
const lines = require("readline").createInterface({input: process.stdin});
lines.on("line", (line) => {
  let calls = [];
  new Function("ttq", JSON.parse(line))({track: (...call) => calls.push(call)});
  console.log(JSON.stringify(calls));
});
"""


def test_the_call_has_name_properties_and_id() -> None:
    """Ids are text, as the server sends them; nothing that the Pixel does not know is told."""
    assert pixel_event(PURCHASE) == (
        'ttq.track("Purchase", {"value": 59.98, "currency": "EUR", "contents": '
        '[{"content_id": "17", "price": 29.99, "quantity": 2}], "order_id": "1001"}, '
        '{"event_id": "order-1"})'
    )


def test_one_of_several_pixels_can_be_named() -> None:
    """Beside the id, as TikTok's template has it."""
    assert pixel_event({"event": "Lead", "event_id": "1"}, pixel_code="C0EXAMPLE") == (
        'ttq.track("Lead", {}, {"event_id": "1", "pixel_code": "C0EXAMPLE"})'
    )


def test_a_single_content_becomes_a_list() -> None:
    """As in what is sent."""
    event = {"event": "A", "event_id": "1", "properties": {"contents": {"content_id": "a"}}}
    assert '{"contents": [{"content_id": "a"}]}' in pixel_event(event)


def test_no_match_key_gets_into_the_page() -> None:
    """Neither raw nor hashed, nor where the visitor is."""
    for value in PURCHASE["user"].values():  # type: ignore[attr-defined]  # it is a dict
        assert value not in pixel_script(PURCHASE)


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({"event_id": "1"}, "event"),
        ({"event": "", "event_id": "1"}, "event"),
        ({"event": "A"}, "event_id"),
        ({"event": "A", "event_id": True}, "event_id"),
    ],
)
def test_an_event_that_cannot_be_reported_is_refused(event: dict[str, Any], path: str) -> None:
    """With the place of the fault, and none of its values."""
    with pytest.raises(InvalidEvent) as refused:
        pixel_event(event)
    assert refused.value.path == path


# --- nothing breaks out ------------------------------------------------------------------

SPICE = st.sampled_from(
    [
        "</script>",
        "<!--",
        "<script>",
        "]]>",
        "'",
        '"',
        "\\",
        "\u2028",
        "\u2029",
        "\x00",
        "&quot;",
        "${x}",
        "\ud800",
        "`",
        "\n",
    ]
)
PLAIN = st.text(st.characters(exclude_characters="@\uff20\ufe6b"), max_size=5)
"""Whatever holds an e-mail address is left out: test_web_events."""

TEXTS = st.lists(SPICE | PLAIN, min_size=1, max_size=5)
TEXT = TEXTS.map("".join).filter(bool)
NAME = TEXT.map(str.strip).filter(readable_name)
ID = TEXT.map(str.strip).filter(bool)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


TOLD = ("description", "query", "search_string", "status", "order_id", "city", "vin", "trim")
"""Properties that are texts."""


def _objects(texts: tuple[str, ...], figure: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={**dict.fromkeys(texts, ID), figure: NUMBERS})


EVENTS = st.builds(
    lambda name, event_id, properties, contents: {
        "event": name,
        "event_id": event_id,
        "properties": {**properties, "contents": contents},
    },
    NAME,
    ID,
    _objects(TOLD, "value"),
    st.lists(_objects(("content_id", "content_name", "brand"), "price"), max_size=3),
)


class ScriptReader(HTMLParser):
    """The script elements of a page, as a browser parts them from the rest."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, _: Any) -> None:
        """Note what begins."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep what stands in it."""
        self.text += data


def call_of(event: dict[str, Any]) -> list[Any]:
    """What a browser must be told."""
    return [event["event"], event["properties"], {"event_id": event["event_id"]}]


@given(EVENTS)
def test_any_text_stays_within_its_script(event: dict[str, Any]) -> None:
    """An HTML parser finds one element, and in it JSON with the same values."""
    script = pixel_script(event, setup="both")
    reader = ScriptReader(f"<p>{script}</p>")
    assert reader.tags == ["p", "script"]
    assert script.isascii()
    assert script.isprintable()
    inside = reader.text.removeprefix("window.ttq && ttq.track(").removesuffix(");")
    assert json.loads(f"[{inside}]") == call_of(event)


@pytest.fixture(scope="module")
def run_in_node() -> Iterator[Callable[[str], Any]]:
    """`run(script)`: the calls of `ttq.track` that Node.js saw."""
    if NODE is None:
        pytest.skip("Node.js is not installed")
    with subprocess.Popen(
        [NODE, "-e", LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        sent, got = process.stdin, process.stdout

        def run(script: str) -> Any:
            sent.write(json.dumps(script) + "\n")
            sent.flush()
            return json.loads(got.readline(), parse_int=float)  # JavaScript has no other numbers

        yield run
        sent.close()


@given(event=EVENTS)
def test_javascript_reads_the_same_values(
    run_in_node: Callable[[str], Any], event: dict[str, Any]
) -> None:
    """Run by a real engine: one call, with what the event says."""
    assert run_in_node(pixel_event(event)) == [call_of(event)]
