"""How do an operator's limits come into force? Stored, and every pool concerned is looked at again."""

from __future__ import annotations

from dataclasses import replace

from syncworker.core.model import MAX_QUANTITY, Limits
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, limits, pools, products
from syncworker.ledger.ledger import Transaction


def set_limits(
    tx: Transaction,
    name: str,
    sku: str,
    *,
    pause: bool | None = None,
    at_most: int | None = None,
    fixed: int | None = None,
    at_least: int | None = None,
    share: int | None = None,
) -> Limits:
    """Add to the limits of one SKU at one channel; ``None`` leaves what is set. The limits afterwards."""
    channels.load(tx, name)
    recipe = _recipe(tx, sku)
    now = limits.load(tx, [sku]).get((name, sku), Limits())
    changes: dict[str, int | None] = {
        "at_most": at_most,
        "fixed": fixed,
        "at_least": at_least,
        "share": share,
    }
    after = replace(now, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]
    if pause is not None:
        after = replace(after, pause=pause)
    _refuse_nonsense(after)
    limits.save(tx, name, sku, after)
    pools.mark_parts_dirty(tx, recipe)
    return after


def clear_limits(tx: Transaction, name: str, sku: str) -> bool:
    """Take all limits of one SKU at one channel away; False if there were none."""
    channels.load(tx, name)
    recipe = _recipe(tx, sku)
    had = (name, sku) in limits.load(tx, [sku])
    limits.save(tx, name, sku, Limits())
    pools.mark_parts_dirty(tx, recipe)
    return had


def set_safety_stock(tx: Transaction, sku: str, units: int) -> None:
    """Units of a plain SKU that no channel is shown; 0 takes it away."""
    recipe = _recipe(tx, sku)
    if set(recipe) != {sku}:
        raise InputError(f"{sku} is a bundle: give its parts a safety stock ({', '.join(sorted(recipe))}).")
    if not 0 <= units <= MAX_QUANTITY:
        raise InputError(f"A safety stock lies between 0 and {MAX_QUANTITY}, not {units}.")
    limits.save_safety_stock(tx, sku, units)
    pools.mark_parts_dirty(tx, recipe)


def _recipe(tx: Transaction, sku: str) -> dict[str, int]:
    found = products.recipe_of(tx, [sku]).get(sku)
    if found is None:
        raise UnknownSkuError(sku)
    return found


def _refuse_nonsense(after: Limits) -> None:
    if after.at_least is not None and after.at_most is not None and after.at_least > after.at_most:
        raise InputError(
            f"At least {after.at_least} and at most {after.at_most} cannot both hold. Give a smaller --at-least."
        )
    if after.share is not None and not 0 <= after.share <= 100:
        raise InputError(f"A share is a percentage between 0 and 100, not {after.share}.")
