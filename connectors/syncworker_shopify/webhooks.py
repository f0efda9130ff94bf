"""Does a webhook of Shopify ring for a pull? Its signature and topic alone are looked at; nothing it says is believed.

Source: "Deliver webhooks through HTTPS": base64 of HMAC-SHA256 over the raw body. It holds no time, so it proves no freshness.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from pydantic import SecretStr

from syncworker.connector import WebhookRefusedError

#: Topics that can mean a changed order. Numbers and products are looked at by the read-back.
_RINGS = ("orders/", "refunds/", "returns/", "fulfillments/", "order_transactions/")


def signature(secret: SecretStr, body: bytes) -> str:
    """What Shopify puts into ``X-Shopify-Hmac-SHA256``."""
    return base64.b64encode(
        hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).digest()
    ).decode()


def check(headers: Mapping[str, str], body: bytes, secrets: Iterable[SecretStr]) -> None:
    """``WebhookRefusedError`` unless one of the secrets signed it; without a secret nothing is believed."""
    given = headers.get("x-shopify-hmac-sha256", "").strip().encode()
    # Each is compared, so that the time taken tells nothing.
    proofs = [hmac.compare_digest(signature(secret, body).encode(), given) for secret in secrets]
    if not any(proofs):
        raise WebhookRefusedError("the signature is not this app's")


def rings(headers: Mapping[str, str], domain: str) -> bool:
    """Whether orders of this shop may have changed."""
    if headers.get("x-shopify-shop-domain", domain).lower() != domain:
        return False
    topic = headers.get("x-shopify-topic", "orders/").lower()
    return topic.startswith(_RINGS)
