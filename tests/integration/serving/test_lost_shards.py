"""While a leader of a cluster is away, sums without its shards are no counters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from tests.builders.serving import site
from worker.serving.exposition import Exposition, content_type
from worker.serving.watch import Look


@pytest.fixture
def look(redis: Redis) -> Look:
    """All that there is, which is nothing."""
    watch = site(redis).watch
    watch.look()
    found = watch.latest()
    assert found is not None
    return found


def test_no_counter_seems_to_begin_anew(look: Look) -> None:
    """They are left out, and how many shards are lost is told."""
    told, type_ = Exposition(), content_type("")
    lost = replace(look, figures=replace(look.figures, lost_shards=(1, 5)))
    texts = [told.text(one, type_).decode() for one in (look, lost, look)]
    assert ["tiktok_events_accepted_total 0.0" in text for text in texts] == [True, False, True]
    assert ["tiktok_events_lost_shards 2.0" in text for text in texts] == [False, True, False]
