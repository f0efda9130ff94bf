"""What is asked of Shopify's GraphQL Admin API? The documents, each with the points it costs at most; pure text.

Checked against the introspection of the versions 2026-01 to 2026-10 (`@shopify/dev-mcp`). Points are Shopify's calculated
costs as documented: an object 1, a scalar 0, a mutation 10; lists cost by their `first`.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The most points that one request may cost (second hand, a dev.to article; the documented bucket holds more).
COST_MAX = 1000
MUTATION_COST = 10
#: Lines of an order told with it; what is beyond is asked for by itself.
LINES_FIRST, LINES_MORE = 10, 100
#: Of one order, what is told of what left the house and what came back. More than that is too much to count on.
REFUNDS_MAX, FULFILMENTS_MAX, PARTS_MAX = 6, 6, 15
#: Versions from which the compared number has its new name, and from which a key has to come along.
NEW_NAME_SINCE, KEY_SINCE = "2026-01", "2026-01"


@dataclass(frozen=True, slots=True)
class Operation:
    """One named document."""

    name: str
    text: str
    #: What it costs at most beside its rows, and for each row.
    base: int = 1
    per_row: int = 0

    def cost(self, rows: int = 0) -> int:
        """Points asked for, at most what one request may cost."""
        return min(self.base + self.per_row * rows, COST_MAX)


SHOP = Operation(
    "SyncworkerShop",
    """query SyncworkerShop {
  shop { name currencyCode myshopifyDomain plan { publicDisplayName } }
  locations(first: 50) { nodes { id name isActive } pageInfo { hasNextPage } }
}""",
    base=54,
)

LOCATIONS = Operation(
    "SyncworkerLocations",
    "query SyncworkerLocations { locations(first: 2) { nodes { id name } } }",
    base=4,
)

_VARIANT = """id title sku price inventoryPolicy
      product { id title status hasOnlyDefaultVariant }
      inventoryItem {
        id tracked
        inventoryLevel(locationId: $location) { quantities(names: ["available", "committed"]) { name quantity } }
      }"""

VARIANTS = Operation(
    "SyncworkerVariants",
    f"""query SyncworkerVariants($first: Int!, $after: String, $location: ID!, $query: String) {{
  shop {{ currencyCode }}
  productVariants(first: $first, after: $after, query: $query) {{
    nodes {{
      {_VARIANT}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    base=3,
    per_row=6,
)

VARIANT = Operation(
    "SyncworkerVariant",
    f"""query SyncworkerVariant($id: ID!, $location: ID!) {{
  shop {{ currencyCode }}
  productVariant(id: $id) {{
      {_VARIANT}
  }}
}}""",
    base=10,
)

PRODUCT = Operation(
    "SyncworkerProduct",
    f"""query SyncworkerProduct($handle: String!, $location: ID!) {{
  shop {{ currencyCode }}
  productByIdentifier(identifier: {{handle: $handle}}) {{
    id createdAt
    variants(first: 50) {{ nodes {{
      {_VARIANT}
    }} }}
  }}
}}""",
    base=310,
)

NUMBERS = Operation(
    "SyncworkerNumbers",
    """query SyncworkerNumbers($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id tracked
      variant { inventoryPolicy }
      inventoryLevel(locationId: $location) { quantities(names: ["available", "committed"]) { name quantity } }
    }
  }
}""",
    base=1,
    per_row=5,
)

_LINE = "id sku quantity currentQuantity unfulfilledQuantity variant { id } originalUnitPriceSet { shopMoney { amount currencyCode } }"
_ORDER = f"""id createdAt updatedAt cancelledAt confirmed test displayFinancialStatus displayFulfillmentStatus
      lineItems(first: {LINES_FIRST}) {{
        nodes {{ {_LINE} }}
        pageInfo {{ hasNextPage endCursor }}
      }}"""

ORDERS = Operation(
    "SyncworkerOrders",
    f"""query SyncworkerOrders($first: Int!, $after: String, $query: String!) {{
  locations(first: 2, includeLegacy: true) {{ nodes {{ id }} }}
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{
      {_ORDER}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    base=6,
    per_row=2 + 4 * LINES_FIRST,
)

ORDER_LINES = Operation(
    "SyncworkerOrderLines",
    f"""query SyncworkerOrderLines($id: ID!, $after: String) {{
  order(id: $id) {{
    lineItems(first: {LINES_MORE}, after: $after) {{
      nodes {{ {_LINE} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}""",
    base=2 + 4 * LINES_MORE,
)

#: What left the house and what came back: asked only where units are gone from an order.
ORDER_PARTS = Operation(
    "SyncworkerOrderParts",
    f"""query SyncworkerOrderParts($id: ID!) {{
  order(id: $id) {{
    fulfillments(first: {FULFILMENTS_MAX}) {{
      status
      fulfillmentLineItems(first: {PARTS_MAX}) {{
        nodes {{ quantity lineItem {{ id }} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
    refunds(first: {REFUNDS_MAX}) {{
      refundLineItems(first: {PARTS_MAX}) {{
        nodes {{ quantity restockType lineItem {{ id }} location {{ id }} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
  }}
}}""",
    base=2 + FULFILMENTS_MAX * (2 + 2 * PARTS_MAX) + REFUNDS_MAX * (2 + 3 * PARTS_MAX),
)

ORDER_STATE = Operation(
    "SyncworkerOrderState",
    "query SyncworkerOrderState($id: ID!) { order(id: $id) { id cancelledAt } }",
    base=2,
)

CANCEL = Operation(
    "SyncworkerCancel",
    """mutation SyncworkerCancel($id: ID!, $reason: OrderCancelReason!, $refund: OrderCancelRefundMethodInput!,
    $notify: Boolean!, $restock: Boolean!, $note: String) {
  orderCancel(orderId: $id, reason: $reason, refundMethod: $refund, notifyCustomer: $notify, restock: $restock,
      staffNote: $note) {
    job { id }
    orderCancelUserErrors { code field message }
  }
}""",
    base=MUTATION_COST,
)

CREATE = Operation(
    "SyncworkerCreate",
    f"""mutation SyncworkerCreate($input: ProductSetInput!, $handle: String!, $location: ID!) {{
  productSet(input: $input, identifier: {{handle: $handle}}, synchronous: true) {{
    product {{
      id createdAt
      variants(first: 50) {{ nodes {{
      {_VARIANT}
      }} }}
    }}
    userErrors {{ code field message }}
  }}
}}""",
    base=MUTATION_COST + 310,
)

ACTIVATE = Operation(
    "SyncworkerActivate",
    """mutation SyncworkerActivate($item: ID!, $location: ID!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: 0) @idempotent(key: $key) {
    inventoryLevel { quantities(names: ["available"]) { name quantity } }
    userErrors { field message }
  }
}""",
    base=MUTATION_COST + 3,
)

SET_PRICE = Operation(
    "SyncworkerPrice",
    """mutation SyncworkerPrice($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: false) {
    productVariants { id price }
    userErrors { code field message }
  }
}""",
    base=MUTATION_COST + 2,
)

UPDATE = Operation(
    "SyncworkerUpdate",
    """mutation SyncworkerUpdate($product: ProductUpdateInput!) {
  productUpdate(product: $product) {
    product { id }
    userErrors { field message }
  }
}""",
    base=MUTATION_COST + 1,
)

START_BULK = Operation(
    "SyncworkerStartBulk",
    """mutation SyncworkerStartBulk($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) {
    bulkOperation { id status }
    userErrors { code field message }
  }
}""",
    base=MUTATION_COST + 1,
)

BULK = Operation(
    "SyncworkerBulk",
    "query SyncworkerBulk($id: ID!) { bulkOperation(id: $id) { id status errorCode url } }",
    base=1,
)


def bulk_variants(location: str) -> str:
    """The query that a bulk operation runs: every variant, with nothing nested, so that each row is whole."""
    fields = _VARIANT.replace("$location", f'"{location}"')
    return f"{{ productVariants {{ edges {{ node {{ {fields} }} }} }} }}"


def set_numbers(count: int, version: str) -> Operation:
    """A request of so many compare-and-sets, each a mutation with a key and errors of its own.

    Whether one call of several rows is taken in part is not documented; so each row is a call by itself, and one request
    carries them all.
    """
    with_key = version >= KEY_SINCE
    asked = ", ".join(
        f"$input{n}: InventorySetQuantitiesInput!" + (f", $key{n}: String!" if with_key else "")
        for n in range(count)
    )
    rows = "\n".join(_set_number(n, with_key=with_key) for n in range(count))
    return Operation(
        "SyncworkerSet",
        f"mutation SyncworkerSet({asked}) {{\n{rows}\n}}",
        base=0,
        per_row=MUTATION_COST,
    )


def _set_number(n: int, *, with_key: bool) -> str:
    key = f" @idempotent(key: $key{n})" if with_key else ""
    return f"""  push{n}: inventorySetQuantities(input: $input{n}){key} {{
    inventoryAdjustmentGroup {{
      changes(quantityNames: ["available"]) {{ name quantityAfterChange item {{ id }} location {{ id }} }}
    }}
    userErrors {{ code field message }}
  }}"""
