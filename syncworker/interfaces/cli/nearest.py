"""What did somebody mean who typed a name that is not there? The names that look like it, in the sentence that says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from syncworker.errors import InputError, UnknownChannelError, UnknownSkuError
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from syncworker.ledger.ledger import Ledger, Snapshot


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


@contextmanager
def better_named(ledger: Ledger) -> Iterator[None]:
    """Whatever the block refuses for want of a SKU or a channel of that name says which one may have been meant."""
    try:
        yield
    except UnknownSkuError as error:
        with ledger.snapshot() as tx:
            check_sku(tx, error.sku)
        raise
    except UnknownChannelError as error:
        plain = {name.casefold(): name for name in error.known}
        near = [plain[each] for each in get_close_matches(error.name.casefold(), plain, n=1, cutoff=0.6)]
        if not near:
            raise
        text = _("There is no channel {channel}. Known channels: {known}.").format(
            channel=repr(error.name), known=", ".join(error.known)
        )
        raise InputError(f"{text} {meant(near)}") from error


def meant(near: Sequence[str]) -> str:
    """``Did you mean …?``"""
    return _("Did you mean {names}?").format(names=" / ".join(near))
