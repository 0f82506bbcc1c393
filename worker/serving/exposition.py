"""The text that Prometheus reads: written once for each look, in each format that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from worker.serving.metrics import Figured, Process
from worker.serving.names import named
from worker.serving.watch import Look

OPENMETRICS: Final = "application/openmetrics-text"
_END: Final = b"# EOF\n"

_WRITERS: Final[dict[str, Callable[[Collector], bytes]]] = {
    openmetrics.CONTENT_TYPE_LATEST: openmetrics.generate_latest,
    exposition.CONTENT_TYPE_PLAIN_0_0_4: exposition.generate_latest,
}


def content_type(accept: str) -> str:
    """The format for who accepts this: OpenMetrics if it is named, else Prometheus' own."""
    plain = exposition.CONTENT_TYPE_PLAIN_0_0_4
    return openmetrics.CONTENT_TYPE_LATEST if OPENMETRICS in accept else plain


class Exposition:
    """Writes the metrics of the newest look; threads may share it."""

    def __init__(self) -> None:
        self._named: frozenset[str] = frozenset()
        self._texts: dict[str, tuple[Look, bytes]] = {}

    def text(self, look: Look | None, type_: str) -> bytes:
        """All metrics in a format.

        Args:
            look: the newest; ``None`` when there is none. Then, and while shards cannot be
                reached, only the process tells of itself.
            type_: as `content_type` returns it.
        """
        own = _WRITERS[type_](Process(look))
        if look is None or look.figures.lost_shards:
            return own  # sums without some shards would look like counters that began anew
        return self._figured(look, type_).removesuffix(_END) + own

    def prepare(self, look: Look) -> None:
        """Write what is asked for, in each format that was asked for, before it is asked again."""
        for type_ in list(self._texts):
            self.text(look, type_)

    def _figured(self, look: Look, type_: str) -> bytes:
        known = self._texts.get(type_)
        if known is None or known[0] is not look:
            self._named = named(look.figures, self._named)
            known = self._texts[type_] = look, _WRITERS[type_](Figured(look, self._named))
        return known[1]
