"""Which wire formats can the sandbox speak? All dialects by name."""

from __future__ import annotations

from collections.abc import Mapping

from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.marketplace import MARKETPLACE

DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (MARKETPLACE,)}

__all__ = ["DIALECTS", "MARKETPLACE", "Dialect"]
