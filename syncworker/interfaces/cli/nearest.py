"""What did somebody mean who typed a name that is not there? The names that look like it, in the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from syncworker.errors import InputError, UnknownSkuError
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from syncworker.ledger.ledger import Snapshot


def check_sku(tx: Snapshot, sku: str) -> None:
    """InputError that names the nearest SKUs if this one is not in the catalogue."""
    from syncworker.ledger.lookup import near_skus
    from syncworker.ledger.products import recipe_of

    if sku in recipe_of(tx, [sku]):
        return
    near = near_skus(tx, sku)
    if not near:
        raise UnknownSkuError(sku)
    text = _("SKU {sku} is not in the catalogue.").format(sku=repr(sku))
    raise InputError(f"{text} {meant(near)}")


def meant(near: Sequence[str]) -> str:
    """``Did you mean …?``"""
    return _("Did you mean {names}?").format(names=" / ".join(near))
