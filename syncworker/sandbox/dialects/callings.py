"""How does each kind of shop call its seller? Its body, its headers and its signature, as its documentation says.

The secret of a shop NAME is `secret-NAME`, and `webhook-NAME` where a webhook has one of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from syncworker.sandbox.dialects import shopee_ids, tiktok_ids
from syncworker.sandbox.dialects.arrivals import serial
from syncworker.sandbox.dialects.shopify_rows import order_gid
from syncworker.sandbox.webhooks import Calling, Letter, Ring

#: TikTok's number of every pretend shop.
_TIKTOK_SHOP = "7490000000000000001"
#: Numbers of the kind "an order changed".
_TIKTOK_ORDER, _SHOPEE_ORDER = 1, 3
_JSON = {"Content-Type": "application/json"}


def _marketplace(ring: Ring) -> Letter:
    """HMAC-SHA256 in hex over the time and the body, the time beside it."""
    body = _written({"event": "order.changed", "order_id": ring.order.order_id})
    sent_at = str(int(ring.at.timestamp()))
    sign = _digest(f"webhook-{ring.shop}", ring, sent_at.encode() + b"." + body).hex()
    headers = {"X-Marketplace-Timestamp": sent_at, "X-Marketplace-Signature": sign}
    return Letter(_JSON | headers, body)


def _tiktok(ring: Ring) -> Letter:
    """HMAC-SHA256 in hex over app key and body, in `Authorization` without a scheme."""
    at = int(ring.at.timestamp())
    data = {
        "order_id": tiktok_ids.order_id(ring.order.order_id),
        "order_status": "CANCEL" if ring.order.status == "cancelled" else "AWAITING_SHIPMENT",
        "is_on_hold_order": False,
        "update_time": at,
    }
    body = _written(
        {
            "type": _TIKTOK_ORDER,
            "tts_notification_id": f"73274123{ring.number:011d}",
            "shop_id": _TIKTOK_SHOP,
            "timestamp": at,
            "data": data,
        }
    )
    shop = ring.shop
    sign = _digest(f"secret-{shop}", ring, f"key-{shop}".encode() + body).hex()
    return Letter(_JSON | {"Authorization": sign}, body)


def _shopee(ring: Ring) -> Letter:
    """HMAC-SHA256 in hex over the address as registered, a bar and the body."""
    at = int(ring.at.timestamp())
    status = "CANCELLED" if ring.order.status == "cancelled" else "READY_TO_SHIP"
    body = _written(
        {
            "data": {
                "ordersn": shopee_ids.order_sn(ring.order.order_id),
                "status": status,
                "update_time": at,
            },
            "shop_id": shopee_ids.shop_id(ring.shop),
            "code": _SHOPEE_ORDER,
            "timestamp": at,
        }
    )
    sign = _digest(f"secret-{ring.shop}", ring, ring.url.encode() + b"|" + body).hex()
    return Letter(_JSON | {"Authorization": sign}, body)


def _shopify(ring: Ring) -> Letter:
    """HMAC-SHA256 in base64 over the body; the shop and the topic stand in headers."""
    number = int(order_gid(ring.order.order_id).rpartition("/")[2])
    body = _written({"id": number, "admin_graphql_api_id": order_gid(ring.order.order_id)})
    sign = base64.b64encode(_digest(f"secret-{ring.shop}", ring, body)).decode()
    headers = {
        "X-Shopify-Topic": "orders/updated",
        "X-Shopify-Hmac-SHA256": sign,
        "X-Shopify-Shop-Domain": f"{ring.shop}.myshopify.com",
        "X-Shopify-Webhook-Id": f"b54557e4-{ring.number:012d}",
        "X-Shopify-Triggered-At": ring.at.isoformat(),
    }
    return Letter(_JSON | headers, body)


def _woocommerce(ring: Ring) -> Letter:
    """HMAC-SHA256 in base64 over the body; two calls of one second share their delivery's id."""
    body = _written({"id": serial(ring.order.order_id), "status": ring.order.status, "line_items": []})
    sign = base64.b64encode(_digest(f"webhook-{ring.shop}", ring, body)).decode()
    headers = {
        "X-WC-Webhook-Topic": "order.updated",
        "X-WC-Webhook-Resource": "order",
        "X-WC-Webhook-Event": "updated",
        "X-WC-Webhook-ID": "7",
        "X-WC-Webhook-Delivery-ID": hashlib.sha256(f"7{int(ring.at.timestamp())}".encode()).hexdigest()[:32],
        "X-WC-Webhook-Signature": sign,
    }
    return Letter(_JSON | headers, body)


def _digest(secret: str, ring: Ring, message: bytes) -> bytes:
    return hmac.new((ring.wrong + secret).encode(), message, hashlib.sha256).digest()


def _written(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


#: Dialects whose shops call; the others have no webhooks.
CALLINGS: Mapping[str, Calling] = {
    "marketplace": _marketplace,
    "tiktok": _tiktok,
    "shopee": _shopee,
    "shopify": _shopify,
    "woocommerce": _woocommerce,
}
