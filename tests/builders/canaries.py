"""Personal values that must appear nowhere."""

from __future__ import annotations

EMAIL = "ada.canary@example.org"
PHONE = "+49 151 2345 6789"
NAME = "Lovelace-Canary"
EXTERNAL_ID = "customer-canary-77"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
CANARIES = (EMAIL, PHONE, NAME, EXTERNAL_ID, TOKEN)
PLANTED = " ".join(CANARIES)
