"""The Celery message that says "there is work", written without Celery.

It carries nothing and may be lost, repeated or late without harm: the worker
looks at the `ready` set every second anyway. Appending rings it in the same
script, so that a producer needs no Celery and no second round trip.

Source: https://docs.celeryq.dev/en/stable/internals/protocol.html (version 2) and
kombu's virtual transport envelope (kombu/transport/virtual/base.py), read 2026-11-22.
"""

from __future__ import annotations

import base64
import json
from typing import Final

from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE

TASK: Final = "tiktok_events.deliver"
TAG: Final = "@TAG@"
"""The script puts a number here: a message id must be its own."""

_ARGUMENTS: Final = [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]

_MESSAGE: Final = json.dumps(
    {
        "body": base64.b64encode(json.dumps(_ARGUMENTS).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": TASK,
            "id": f"doorbell-{TAG}",
            "root_id": f"doorbell-{TAG}",
            "parent_id": None,
            "group": None,
            "retries": 0,
            "eta": None,
            "expires": None,
            "timelimit": [None, None],
            "argsrepr": "()",
            "kwargsrepr": "{}",
            "origin": "tiktok_events",
            "ignore_result": True,
        },
        "properties": {
            "correlation_id": f"doorbell-{TAG}",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": DOORBELL_QUEUE},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": f"doorbell-{TAG}",
        },
    }
)

LUA: Final = f"local DOORBELL = [==[{_MESSAGE}]==]\n"
"""The message as a constant of the scripts that ring: it need not travel with every event."""
