"""Which rows are the truth? Every table of the ledger; the migrations build exactly this."""

from syncworker.ledger.schema.goods import movement, product, product_part, stock
from syncworker.ledger.schema.kinds import Amount, Moment, metadata
from syncworker.ledger.schema.places import channel, job, limit, listing, pool, price, publication, token
from syncworker.ledger.schema.promises import hold, hold_item, hold_part, premium
from syncworker.ledger.schema.traffic import cursor, order, order_line, pull, push, read
from syncworker.ledger.schema.upkeep import audit, heartbeat, incident, installation, run, run_item, told

__all__ = [
    "Amount",
    "Moment",
    "audit",
    "channel",
    "cursor",
    "heartbeat",
    "hold",
    "hold_item",
    "hold_part",
    "incident",
    "installation",
    "job",
    "limit",
    "listing",
    "metadata",
    "movement",
    "order",
    "order_line",
    "pool",
    "premium",
    "price",
    "product",
    "product_part",
    "publication",
    "pull",
    "push",
    "read",
    "run",
    "run_item",
    "stock",
    "token",
    "told",
]
