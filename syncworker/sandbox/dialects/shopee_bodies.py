"""What may stand in a request to Shopee? Strict reading of query and body, refused with Shopee's errors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from syncworker.sandbox.dialects.shopee_gate import Call
from syncworker.sandbox.dialects.shopee_ids import NO_MODEL, Model, Shelf, has_models
from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.refusal import RefusedError

#: The longest time between the two ends of a search.
_WINDOW_S = 15 * 86_400
_MODELS_MAX = 50
_STOCK_MAX = 999_999


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, both in Unix seconds and both meant inclusively."""

    from_s: int
    to_s: int

    def holds(self, moment_s: float) -> bool:
        return self.from_s <= int(moment_s) <= self.to_s


@dataclass(frozen=True, slots=True)
class StockOrder:
    """The numbers of one request, and which model each pool stands for."""

    items: tuple[QuantityItem, ...]
    models: dict[str, Model]


def bad(words: str) -> RefusedError:
    """A request that cannot be read."""
    return RefusedError(200, "error_param", f"Wrong parameters, detail: {words}.")


def only(given: Collection[str], allowed: Collection[str]) -> None:
    """Refuse what the endpoint does not know."""
    strange = set(given) - set(allowed)
    if strange:
        raise bad(f"unknown parameters: {', '.join(sorted(strange))}")


def whole(text: str, name: str, *, least: int, most: int) -> int:
    """A whole number of the query."""
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise bad(f"{name} must lie between {least} and {most}")
    return int(text)


def span(call: Call, start: str, end: str, refusal: RefusedError) -> Span:
    """A time of at most fifteen days that does not end before it begins."""
    found = Span(*(whole(call.one(name), name, least=0, most=10**11) for name in (start, end)))
    if not found.from_s < found.to_s <= found.from_s + _WINDOW_S:
        raise refusal
    return found


def listed(text: str, name: str) -> list[str]:
    """One to fifty values with commas between."""
    values = text.split(",")
    if not 1 <= len(values) <= 50 or not all(values):
        raise bad(f"{name} takes 1 to 50")
    return values


def ids(text: str, name: str) -> list[int]:
    """The same of ids."""
    return [whole(one, name, least=1, most=2**63 - 1) for one in listed(text, name)]


def write_cursor(start: int) -> str:
    """An opaque cursor."""
    return base64.b64encode(f"at {start}".encode()).decode()


def read_cursor(cursor: str) -> int:
    """The row that the cursor stands before; an empty one stands at the beginning."""
    if not cursor:
        return 0
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise bad("cursor was not given by this shop") from error
    return whole(text.removeprefix("at "), "cursor", least=1, most=10**9)


def stock_order(call: Call, shelf: Shelf) -> StockOrder:
    """The numbers asked for; refused as a whole because of one that is wrong."""
    only(call.body, ("item_id", "stock_list"))
    item = shelf.item(_number(call.body, "item_id"))
    found, models = [], dict[str, Model]()
    for row in rows(call.body, "stock_list", most=_MODELS_MAX):
        only(row, ("model_id", "seller_stock"))
        model = model_of(item, _number(row, "model_id"))
        (stock,) = rows(row, "seller_stock", most=1)
        if "location_id" in stock:
            words = "You do not have right to use seller location_id, please only fill seller_stock filed."
            raise RefusedError(200, "error_auth", words)
        only(stock, ("stock",))
        quantity = _number(stock, "stock")
        if quantity > _STOCK_MAX:
            raise bad(f"stock must lie between 0 and {_STOCK_MAX}")
        pool_id = model.listing.pool_id
        if pool_id in models:
            raise RefusedError(200, "error_param", "Repeat model_id.")
        models[pool_id] = model
        found.append(QuantityItem(pool_id=pool_id, quantity=quantity))
    return StockOrder(tuple(found), models)


def prices(call: Call, shelf: Shelf) -> list[tuple[Model, str]]:
    """(Model, amount) of each price that is to change."""
    only(call.body, ("item_id", "price_list"))
    item = shelf.item(_number(call.body, "item_id"))
    found = []
    for row in rows(call.body, "price_list", most=_MODELS_MAX):
        only(row, ("model_id", "original_price"))
        amount = row.get("original_price")
        if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
            raise bad("original_price must be a number above 0")
        found.append((model_of(item, _number(row, "model_id")), format(Decimal(str(amount)), "f")))
    return found


def model_of(item: list[Model], model_id: int) -> Model:
    """A model of the item; refused in Shopee's words if it is none."""
    if model_id == NO_MODEL and has_models(item):
        words = "Can't to edit item stock directly while item has models."
        raise RefusedError(200, "error_edit_item_stock_for_item_has_model", words)
    found = next((model for model in item if model.model_id == model_id), None)
    if found is None:
        raise RefusedError(200, "error_param", "Wrong model_id.")
    return found


def rows(body: dict[str, object], name: str, *, most: int) -> list[dict[str, object]]:
    """A list of objects with something in it."""
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise bad(f"{name} must be a list of objects")
    if not 1 <= len(value) <= most:
        raise bad(f"{name} takes 1 to {most}")
    return value


def _number(body: dict[str, object], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad(f"{name} must be a whole number")
    return value
