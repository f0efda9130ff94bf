"""How does a request or a webhook prove who sent it? TikTok Shop's two signatures; pure, reads no clock.

Source: "Sign your API request" and "TikTok Shop webhooks overview" of the Partner Center (version 202309 and later).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

#: Never signed: the signature itself, and the token of the old versions.
_UNSIGNED = frozenset(("sign", "access_token"))


def request_signature(
    secret: str, path: str, query: Iterable[tuple[str, str]], body: bytes | None, media_type: str
) -> str:
    """Lower-case hex. ``query`` holds decoded values, ``body`` the bytes as sent; a multipart body is not signed."""
    pairs = sorted((name, value) for name, value in query if name not in _UNSIGNED)
    text = path + "".join(name + value for name, value in pairs)
    signed = b"" if body is None or media_type.startswith("multipart/form-data") else body
    wrapped = secret.encode() + text.encode() + signed + secret.encode()
    return hmac.new(secret.encode(), wrapped, hashlib.sha256).hexdigest()


def webhook_signature(app_key: str, secret: str, body: bytes) -> str:
    """Lower-case hex over the app key and the raw body; holds no time, so it proves no freshness."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
