"""A small manifest, to be changed by a test, and a channel of it."""

from __future__ import annotations

import copy
import json
from typing import Any

import tomlkit
from pydantic import SecretStr

from syncworker.connector import Json, KeptToken, QuantityMode, QuantityPush, Token, TokenStore
from syncworker.connector.declarative import (
    DeclaredChannel,
    DeclaredConnector,
    LoadedManifest,
    parse_manifest,
)
from syncworker.connector.registry import validate

URL = "https://shop.example/api"
LISTING: dict[str, Any] = {"id": "L1", "pool": "P1", "sku": "A"}
ORDER: dict[str, Any] = {
    "id": 7,
    "state": "new",
    "created": "2026-11-24T05:00:00+00:00",
    "updated": "2026-11-24T05:00:00+00:00",
    "lines": [{"id": 1, "listing": "L1", "sku": "A", "units": 2}],
}


def sample(of: str, answer: Any, **more: Json) -> dict[str, Any]:
    return {"of": of, "answer": json.dumps(answer), **more}


_SOUND: dict[str, Any] = {
    "manifest": 1,
    "name": "small",
    "title": "A small shop",
    "base_url": "${base_url}",
    "settings": {"base_url": {"type": "url"}, "token": {"type": "secret"}},
    "auth": {"type": "bearer", "token": "${token}"},
    "capabilities": {"kind": "available"},
    "check": {"request": {"path": "/me"}},
    "order": {
        "id": "id",
        "status": "state",
        "created": "created",
        "updated": "updated",
        "statuses": {"hold": ["new"], "release": ["gone"], "shipped": ["sent"], "return": ["back"]},
        "lines": {"path": "lines", "id": "id", "listing": "listing", "sku": "sku", "ordered": "units"},
    },
    "feeds": [
        {
            "name": "orders",
            "request": {"path": "/orders", "query": {"since": "=since"}},
            "items": "orders",
        }
    ],
    "listings": {
        "request": {"path": "/listings"},
        "items": "listings",
        "listing": {"id": "id", "pool": "pool", "sku": "sku"},
    },
    "push": {
        "request": {
            "method": "POST",
            "path": "/numbers",
            "body": {"items": "=items[].{pool: pool, number: quantity}"},
        },
        "result": {
            "items": "items",
            "key": "pool",
            "ok": "ok",
            "code": "code",
            "echo": {"path": "number", "presence": "optional"},
        },
    },
    "samples": [
        sample("check", {}),
        sample("orders", {"orders": [ORDER]}),
        sample("listings", {"listings": [LISTING]}),
        sample("push", {"items": [{"pool": "P1", "ok": True, "number": 1}]}),
    ],
}


def described(**changes: Any) -> dict[str, Any]:
    """A sound manifest; a key with double underscores reaches inside, ``...`` removes."""
    manifest = copy.deepcopy(_SOUND)
    for path, value in changes.items():
        _put(manifest, path.split("__"), value)
    return manifest


def _put(table: Any, steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        table = table[int(step)] if isinstance(table, list) else table.setdefault(step, {})
    last: Any = int(steps[-1]) if isinstance(table, list) else steps[-1]
    if value is ...:
        del table[last]
    else:
        table[last] = value


def loaded(manifest: dict[str, Any]) -> LoadedManifest:
    return parse_manifest(tomlkit.dumps(manifest), "small.toml")


def opened(
    manifest: dict[str, Any], *, tokens: TokenStore | None = None, **settings: object
) -> DeclaredChannel:
    connector = DeclaredConnector(loaded(manifest))
    raw = {"base_url": URL, "token": "s3cret-token"} | settings
    known = connector.settings.model_fields
    checked = validate(connector, {name: value for name, value in raw.items() if name in known})
    channel = connector.open("small", checked, tokens or KeptToken(Token(access=SecretStr("tok"))))
    assert isinstance(channel, DeclaredChannel)
    return channel


def push(pool: str, value: int = 5, **more: Any) -> QuantityPush:
    return QuantityPush(push_id=pool, pool_key=pool, kind=QuantityMode.SET, value=value, **more)
