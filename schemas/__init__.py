"""What an event is: the 2.0 vocabulary of TikTok's Events API, declared in marshmallow.

`check_event` is the way in. `event` declares an event of each source, out of `user`,
`properties` (with `travel` and `vehicle`) and `context`; `catalogue` and `limits` hold the names
and figures; `plan` is the happy path, `objects` and `lists` the full report, `rules` what spans
several keys.
"""

from __future__ import annotations

from schemas.check import check_event
from schemas.finding import Checked, Finding, Kind

__all__ = ["Checked", "Finding", "Kind", "check_event"]
