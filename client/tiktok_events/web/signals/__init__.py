"""What consent platforms and browsers say of a visitor: IAB TCF and GPP strings, and GPC.

Small decoders of our own: the one library for TCF on the package index has had no release since
2022, and there is none for GPP.

Imports the request, and what stands below `web`.
"""

from __future__ import annotations

from tiktok_events.web.signals.consent_signals import ConsentSignals

__all__ = ["ConsentSignals"]
