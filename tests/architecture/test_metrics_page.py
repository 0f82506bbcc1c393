"""The page on metrics has every metric with its type and label, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from worker.operations.quality.summary import Quality
from worker.operations.status import Figures
from worker.serving.metrics import Figured, Process
from worker.serving.scale import Load, Scaling
from worker.serving.watch import Look

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/metrics.md").read_text()
ROW = re.compile(r"^\| `(tiktok_events_\w+)` \| (\w+) \| ((?:`\w+`(?:, )?)*) ?\|", re.MULTILINE)

LOOK = Look(
    figures=Figures(at=1.0, counters={}, dead=0, destinations=[]),
    workers=0,
    incidents={},
    untold=0,
    quality=Quality((), ()),
    totals={"web:C0PIXEL": {"accepted": 1, "dead:invalid": 1}},
    scale=Scaling().add(Load(at=1.0, workers=0, ended=0)),
    taken_at=0.0,
    took_s=0.0,
)


def exposed() -> set[tuple[str, str, str]]:
    """Name, type and label of every metric of an installation."""
    families = [*Figured(LOOK, frozenset()).collect(), *Process(LOOK).collect()]
    return {
        (
            f"{one.name}_total" if one.type == "counter" else one.name,
            one.type,
            ", ".join(f"`{label}`" for label in getattr(one, "_labelnames", ())),
        )
        for one in families
    }


def test_the_page_has_every_metric() -> None:
    """And no metric that is not exposed."""
    assert {(name, kind, label) for name, kind, label in ROW.findall(PAGE)} == exposed()


def test_every_name_follows_the_conventions() -> None:
    """Our prefix, words in lower case, a unit at the end where there is one.

    Source: https://prometheus.io/docs/practices/naming/ (read 2026-11-30).
    """
    for name, kind, _ in exposed():
        assert re.fullmatch(r"tiktok_events_[a-z]+(_[a-z]+)*", name)
        assert name.endswith("_total") == (kind == "counter")
        assert not re.search(r"_(ms|milliseconds|minutes|kb)\b", name)
