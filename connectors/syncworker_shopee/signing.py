"""How does a request or a push prove who sent it? Shopee's signatures, version 2; pure, reads no clock.

Source: "Calculate signature" and "Push mechanism" of the Open Platform. Query and body of a request are not signed.
"""

from __future__ import annotations

import hashlib
import hmac


def request_signature(key: str, partner_id: int, path: str, timestamp: int, *owner: str) -> str:
    """Lower-case hex. ``owner`` is access token and shop id for a call in a shop's name, nothing for a public one."""
    return _hex(key, f"{partner_id}{path}{timestamp}{''.join(owner)}".encode())


def push_signature(key: str, url: str, body: bytes) -> str:
    """Lower-case hex over the address as it was registered and the raw body; holds no time of its own."""
    return _hex(key, url.encode() + b"|" + body)


def _hex(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
