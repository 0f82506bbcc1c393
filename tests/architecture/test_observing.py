"""Rules and dashboards ask what there is: queries parse, and every metric is exposed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import promql_parser
import pytest
import yaml

from tests.architecture.test_metrics_page import exposed

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
RULES: Final[list[dict[str, Any]]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
BOARDS: Final = {
    path.stem: json.loads(path.read_text()) for path in (DEPLOY / "grafana").glob("*.json")
}
COMPOSE: Final = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
FILLED: Final = {"$__rate_interval": "5m", "$destination": "web:C0PIXEL"}
"""What Grafana puts in the place of variables."""


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel, with the name of its dashboard."""
    for name, board in BOARDS.items():
        for panel in board["panels"]:
            yield name, panel


def queries() -> Iterator[str]:
    """Every query of rules and dashboards, as Prometheus gets it."""
    yield from (rule["expr"] for rule in RULES)
    for _, panel in panels():
        for target in panel["targets"]:
            query = target["expr"]
            for variable, value in FILLED.items():
                query = query.replace(variable, value)
            yield query


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_a_query_parses_and_asks_for_what_is_exposed(query: str) -> None:
    """By the grammar of Prometheus; labels, too, are those of the metric."""
    promql_parser.parse(query)
    labels = {name: set(re.findall(r"\w+", given)) for name, _, given in exposed()}
    labels |= {
        f"{name}_{part}": labels[name] | {"le"}
        for name, kind, _ in exposed()
        if kind == "histogram"
        for part in ("bucket", "sum", "count")
    }
    asked = re.findall(r"(tiktok_events_\w+)(?:\{(\w+)=)?", query)
    assert asked != []
    assert [name for name, _ in asked if name not in labels] == []
    assert [(name, label) for name, label in asked if label and label not in labels[name]] == []
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([\w, ]+)\)", query))))
    assert grouped <= set().union(*(labels[name] for name, _ in asked))


def test_the_grammar_refuses_a_slip() -> None:
    """The check can fail."""
    with pytest.raises(ValueError):  # noqa: PT011 — because the words are those of the grammar
        promql_parser.parse("max by destination (x")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_to_do(rule: dict[str, Any]) -> None:
    """How severe it is, in a sentence, and on which page more stands."""
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
    assert not anchor or anchor in anchors


def test_there_are_two_dashboards_whose_panels_are_apart() -> None:
    """One of the installation, one of a pixel; within the 24 columns, none on another."""
    assert set(BOARDS) == {"overview", "pixel"}
    for name, board in BOARDS.items():
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            assert at["x"] + at["w"] <= 24, f"{name}: {panel['title']}"
            cells = {
                (at["x"] + column, at["y"] + row)
                for column in range(at["w"])
                for row in range(at["h"])
            }
            assert not cells & taken, f"{name}: {panel['title']}"
            taken |= cells
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_what_compose_mounts_is_there() -> None:
    """Prometheus finds its rules, Grafana its dashboards, and each the one before it."""
    for name in ("prometheus", "grafana"):
        mounted = [one.split(":")[0] for one in COMPOSE[name]["volumes"] if one.startswith("./")]
        assert [one for one in mounted if not (ROOT / one).exists()] == []
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    assert [DEPLOY / "prometheus" / one for one in scraped["rule_files"]] == [
        DEPLOY / "prometheus/rules.yml"
    ]
    assert COMPOSE["prometheus"]["network_mode"] == "service:serve"
