"""What an amount of money, or another figure, may be in Python."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

Amount: TypeAlias = int | float | Decimal
"""A figure without symbol or separator. A `Decimal` goes out as a JSON number."""
