"""Read what consent platforms and browsers tell: IAB TCF and GPP strings, and GPC.

The small decoders are our own: the only Python library for TCF has had no release since 2022, and
there is none for GPP.

Imports the request, and what stands below `web`.
"""

from __future__ import annotations

from tiktok_events.web.signals.consent_signals import ConsentSignals

__all__ = ["ConsentSignals"]
