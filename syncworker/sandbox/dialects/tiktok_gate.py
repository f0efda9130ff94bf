"""May this request in? TikTok's signature, clock window, token and cipher, checked as strictly as its pages say.

Also hands out tokens: a code works once, a refresh token once, and both come with what replaces them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field

from fastapi import Request

from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.refusal import RefusedError

#: Seconds that a timestamp may lie back and ahead.
_PAST_S, _AHEAD_S = 300, 30
_ACCESS_S, _REFRESH_S = 7 * 86_400, 365 * 86_400
_TOKEN = "x-tts-access-token"  # noqa: S105 - a header's name
#: Calls that are of no shop.
_WITHOUT_CIPHER = ("/authorization/202309/shops", "/product/202309/images/upload")
#: The common parameters of every call.
_COMMON = frozenset(("app_key", "timestamp", "sign", "shop_cipher"))


@dataclass(frozen=True, slots=True)
class Call:
    """An admitted request: its body, and the parameters that are its own."""

    body: dict[str, object]
    query: dict[str, str]
    #: The bytes and their kind, of a form.
    raw: bytes = b""
    media_type: str = ""


@dataclass(slots=True)
class _Keys:
    """What one shop's app holds at the moment."""

    access: str
    refresh: str
    code: str
    renewals: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Gate:
    """The gate of every shop in the house. Times are the wall clock's: a signature's age is a matter of the wire."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._keys: dict[str, _Keys] = {}
        self._lock = threading.Lock()

    async def admit(self, shop: str, request: Request) -> Call:
        """The request as far as it concerns its endpoint; refused as TikTok refuses."""
        body = await request.body()
        front = self._house.shop(shop)
        query = _query(request)
        self._check_signature(shop, request, query, body)
        if not secrets.compare_digest(
            request.headers.get(_TOKEN, "").encode(), self._of(front).access.encode()
        ):
            raise RefusedError(401, "36009004", f"Invalid credentials. The `{_TOKEN}` header is invalid.")
        _check_cipher(shop, request.url.path, query)
        own = {name: value for name, value in query.items() if name not in _COMMON}
        media_type = request.headers.get("content-type", "")
        if media_type.startswith("multipart/form-data"):
            return Call({}, own, body, media_type)
        return Call(_document(body), own)

    def exchange(self, shop: str, what: str, query: dict[str, str]) -> dict[str, object]:
        """The answer of `/api/v2/token/get` and `/refresh`."""
        keys = self._of(self._house.shop(shop))
        if (query.get("app_key"), query.get("app_secret")) != (f"key-{shop}", f"secret-{shop}"):
            raise RefusedError(200, "36004003", "Invalid app_key or app_secret")
        grant, given = (
            ("authorized_code", "auth_code") if what == "get" else ("refresh_token", "refresh_token")
        )
        with keys.lock:
            known = keys.code if what == "get" else keys.refresh
            if query.get("grant_type") != grant or query.get(given) != known:
                raise RefusedError(200, "36004004", f"Invalid {given}.")
            keys.renewals += 1
            keys.access = f"token-{shop}-{keys.renewals}"
            keys.refresh = f"refresh-{shop}-{keys.renewals}"
            keys.code = f"code-{shop}-{keys.renewals}"
            return _tokens(shop, keys)

    def _of(self, front: Shopfront) -> _Keys:
        name = front.market.profile.name
        with self._lock:
            if name not in self._keys:
                self._keys[name] = _Keys(front.token, f"refresh-{name}", f"code-{name}")
            return self._keys[name]

    def _check_signature(self, shop: str, request: Request, query: dict[str, str], body: bytes) -> None:
        if query.get("app_key") != f"key-{shop}":
            raise RefusedError(400, "36009004", "Invalid app_key. The `app_key` query parameter is invalid.")
        _check_clock(query.get("timestamp", ""))
        path = request.url.path.removeprefix(f"/{shop}")
        multipart = request.headers.get("content-type", "").startswith("multipart/form-data")
        pairs = sorted((name, value) for name, value in query.items() if name not in ("sign", "access_token"))
        text = path + "".join(name + value for name, value in pairs)
        key = f"secret-{shop}".encode()
        wrapped = key + text.encode() + (b"" if multipart else body) + key
        expected = hmac.new(key, wrapped, hashlib.sha256).hexdigest()
        if not secrets.compare_digest(expected, query.get("sign", "")):
            raise RefusedError(401, "106001", "Invalid credentials. The `sign` query parameter is invalid.")


def _query(request: Request) -> dict[str, str]:
    pairs = request.query_params.multi_items()
    query = dict(pairs)
    if len(query) < len(pairs):
        raise RefusedError(400, "98001004", "a query parameter is given twice")
    return query


def _check_clock(timestamp: str) -> None:
    if not timestamp.isdecimal() or len(timestamp) != 10:
        raise RefusedError(400, "36009004", "Invalid timestamp. It has ten digits.")
    age = time.time() - int(timestamp)
    start = "Invalid timestamp. The value of the `timestamp` query parameter must not"
    if age > _PAST_S:
        raise RefusedError(400, "36009004", f"{start} be earlier than 5 minutes before the current time.")
    if age < -_AHEAD_S:
        raise RefusedError(400, "36009004", f"{start} exceed the current time by more than 30 seconds.")


def _check_cipher(shop: str, path: str, query: dict[str, str]) -> None:
    if path.endswith(_WITHOUT_CIPHER):
        if "shop_cipher" in query:
            words = (
                "Unexpected identifier. The `shop_cipher` query parameter is not required for this request."
            )
            raise RefusedError(400, "36009004", words)
        return
    if "shop_cipher" not in query:
        words = (
            "Missing identifier. The `shop_cipher` query parameter is required to identify the target shop."
        )
        raise RefusedError(400, "106013", words)
    if query["shop_cipher"] != f"cipher-{shop}":
        raise RefusedError(401, "101000", "The token is not authorised for this shop.")


def _document(body: bytes) -> dict[str, object]:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except ValueError as error:
        raise RefusedError(400, "36009022", "The body is not JSON.") from error
    if not isinstance(document, dict):
        raise RefusedError(400, "36009022", "The body is not an object.")
    return document


def _tokens(shop: str, keys: _Keys) -> dict[str, object]:
    now = int(time.time())
    return {
        "access_token": keys.access,
        "access_token_expire_in": now + _ACCESS_S,
        "refresh_token": keys.refresh,
        "refresh_token_expire_in": now + _REFRESH_S,
        "open_id": f"open-{shop}",
        "seller_name": shop,
        "seller_base_region": "ID",
        "user_type": 0,
        "granted_scopes": ["seller.product.basic", "seller.product.write", "seller.order.info"],
    }
