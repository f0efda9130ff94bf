"""May this request in? Shopee's signature, clock window, token and shop, checked as strictly as its pages say.

Also hands out tokens: a code works once, a refresh token once, and both come with what replaces them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request

from syncworker.sandbox.dialects.shopee_ids import PARTNER_ID, shop_id
from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.refusal import RefusedError

#: Seconds that a timestamp may be wrong.
_WINDOW_S = 300
_ACCESS_S = 14_400
#: The common parameters of a call in a shop's name.
_COMMON = frozenset(("partner_id", "timestamp", "access_token", "shop_id", "sign"))


@dataclass(frozen=True, slots=True)
class Call:
    """An admitted request: its body, and the parameters that are its own."""

    body: dict[str, object]
    query: dict[str, list[str]]
    #: The body as it came, and its kind, where it is a form.
    raw: bytes = b""
    media_type: str = ""

    def one(self, name: str, default: str | None = None) -> str:
        """A parameter that is given once."""
        values = self.query.get(name, [] if default is None else [default])
        if len(values) != 1:
            raise RefusedError(200, "error_param", f"Wrong parameters, detail: {name} is to be given once.")
        return values[0]


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
        """The request as far as it concerns its endpoint; refused as Shopee refuses."""
        front, query = self._house.shop(shop), _query(request)
        for name in ("access_token", "shop_id"):
            if name not in query:
                raise RefusedError(403, "error_param", f"There is no {name} in query.")
        token, number = query["access_token"][0], query["shop_id"][0]
        _check_signature(shop, request, query, (token, number))
        if number != str(shop_id(shop)):
            raise RefusedError(403, "error_auth", "Invalid partner_id or shopid.")
        if not secrets.compare_digest(token.encode(), self._of(front).access.encode()):
            raise RefusedError(403, "invalid_acceess_token", "Invalid access_token, please have a check.")
        own = {name: values for name, values in query.items() if name not in _COMMON}
        body = await request.body()
        media_type = request.headers.get("content-type", "")
        if media_type.startswith("multipart/form-data"):
            return Call({}, own, body, media_type)
        if body and request.headers.get("content-type") != "application/json":
            raise RefusedError(200, "error_param", "parse data failed: the body is to be JSON")
        return Call(_document(body), own)

    async def exchange(self, shop: str, name: str, request: Request) -> dict[str, object]:
        """The answer of `auth/token/get` (for a code) and `auth/access_token/get` (for a refresh token)."""
        keys = self._of(self._house.shop(shop))
        _check_signature(shop, request, _query(request), ())
        body = _document(await request.body())
        if set(body) != {name, "shop_id", "partner_id"}:
            raise RefusedError(200, "error_param", "parameter invalid")
        if (body["shop_id"], body["partner_id"]) != (shop_id(shop), PARTNER_ID):
            raise RefusedError(403, "error_auth", "Invalid partner_id or shopid.")
        with keys.lock:
            if body[name] != (keys.code if name == "code" else keys.refresh):
                raise RefusedError(403, "error_auth", f"Invalid {name}.")
            keys.renewals += 1
            keys.access = f"token-{shop}-{keys.renewals}"
            keys.refresh = f"refresh-{shop}-{keys.renewals}"
            keys.code = f"code-{shop}-{keys.renewals}"
            return {"access_token": keys.access, "refresh_token": keys.refresh, "expire_in": _ACCESS_S}

    def consent(self, shop: str, request: Request) -> str:
        """Where the seller is sent back to once they said yes."""
        keys, query = self._of(self._house.shop(shop)), _query(request)
        _check_signature(shop, request, query, ())
        back = query.get("redirect", [""])[0]
        if not back:
            raise RefusedError(200, "error_param", "There is no redirect in query.")
        return f"{back}{'&' if '?' in back else '?'}code={keys.code}&shop_id={shop_id(shop)}"

    def _of(self, front: Shopfront) -> _Keys:
        name = front.market.profile.name
        with self._lock:
            if name not in self._keys:
                self._keys[name] = _Keys(front.token, f"refresh-{name}", f"code-{name}")
            return self._keys[name]


def _check_signature(shop: str, request: Request, query: dict[str, list[str]], owner: Sequence[str]) -> None:
    for name in ("partner_id", "timestamp", "sign"):
        if name not in query:
            raise RefusedError(403, "error_param", f"There is no {name} in query.")
    if query["partner_id"] != [str(PARTNER_ID)]:
        raise RefusedError(403, "error_param", "Invalid partner_id.")
    timestamp = query["timestamp"][0]
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > _WINDOW_S:
        raise RefusedError(403, "error_param", "Invalid timestamp")
    path = request.url.path.removeprefix(f"/{shop}")
    message = f"{PARTNER_ID}{path}{timestamp}{''.join(owner)}"
    expected = hmac.new(f"secret-{shop}".encode(), message.encode(), hashlib.sha256).hexdigest()
    if not secrets.compare_digest(expected.encode(), query["sign"][0].encode()):
        raise RefusedError(403, "error_sign", "Wrong sign.")


def _query(request: Request) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    if any(len(query.get(name, [])) > 1 for name in _COMMON):
        raise RefusedError(403, "error_param", "a common parameter is given twice")
    return query


def _document(body: bytes) -> dict[str, object]:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except ValueError as error:
        raise RefusedError(200, "error_data", "parse data failed") from error
    if not isinstance(document, dict):
        raise RefusedError(200, "error_data", "parse data failed")
    return document
