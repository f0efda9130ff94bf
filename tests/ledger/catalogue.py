"""A small craft catalogue for ledger tests, and the shortest way to an effect."""

from itertools import count

from syncworker.ledger import Ledger, Transaction
from syncworker.ledger.products import Product, save_products
from syncworker.ledger.stock import Effect, MovementKind

MAIN = "main"
BIN = Product(sku="BIN", title="Bamboo bin")
PAN = Product(sku="PAN", title="Dustpan")
BROOM = Product(sku="BROOM", title="Broom")
SET = Product(sku="SET", title="One bin, two dustpans", parts={"BIN": 1, "PAN": 2})

_references = count(1)


def stocked(ledger: Ledger, *products: Product) -> None:
    """Put these in the catalogue (the four above if none are named)."""
    ledger.run(lambda tx: save_products(tx, products or (BIN, PAN, BROOM, SET)))


def effect(
    sku: str = "BIN",
    *,
    on_hand: int = 0,
    reserved: int = 0,
    kind: MovementKind = MovementKind.RESERVE,
    reference: str | None = None,
    line: str = "1",
    step: int = 1,
    location: str = MAIN,
) -> Effect:
    """One effect; a reference of its own unless one is given."""
    return Effect(
        sku=sku,
        location=location,
        kind=kind,
        on_hand=on_hand,
        reserved=reserved,
        source="shop",
        reference=reference or f"order-{next(_references)}",
        line=line,
        step=step,
        actor="test",
    )


def order_of(recipe: dict[str, int], units: int, reference: str) -> list[Effect]:
    """The reservation of one order line: every part of the recipe, under one name."""
    return [effect(part, reserved=per * units, reference=reference) for part, per in recipe.items()]


def nothing(tx: Transaction) -> None:
    """Work that does none."""
