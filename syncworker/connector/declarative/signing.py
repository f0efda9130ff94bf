"""How is a request or a webhook signed? An HMAC over a message that the manifest spells out.

Keeps no secret longer than the call, and compares signatures in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.proofs import SignatureSpec

#: ``{name}``, ``{header:name}``, ``{sorted_kv(a,b)}``.
_TOKEN = re.compile(r"\{(?:(sorted_kv|sorted_query)\(([^)]*)\)|(header):([^}]+)|([a-z][a-z0-9_]*))\}")
#: What a message may name beside the settings.
COMPUTED = frozenset(
    ("method", "path", "host", "url", "timestamp", "nonce", "body", "body_sha256", "access_token")
)
_HASHES = {"sha256": hashlib.sha256, "sha1": hashlib.sha1, "sha512": hashlib.sha512, "md5": hashlib.md5}


def names(message: str) -> frozenset[str]:
    """The plain names that a message uses."""
    return frozenset(match[5] for match in _TOKEN.finditer(message) if match[5])


def signed(
    spec: SignatureSpec,
    account: Account,
    facts: Mapping[str, bytes],
    *,
    pairs: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> str:
    """The signature. ``facts`` are the computed parts, ``pairs`` all parameters, decoded."""
    parts: list[bytes] = []
    end = 0
    for match in _TOKEN.finditer(spec.message):
        parts.append(spec.message[end : match.start()].encode())
        parts.append(_part(match, account, facts, pairs, headers or {}))
        end = match.end()
    parts.append(spec.message[end:].encode())
    digest = hmac.new(account.text(spec.key).encode(), b"".join(parts), _HASHES[spec.hash]).digest()
    return _ENCODE[spec.encode](digest)


def matches(expected: str, given: str) -> bool:
    """Whether two signatures are the same."""
    return hmac.compare_digest(expected.encode(), given.encode())


def _part(
    match: re.Match[str],
    account: Account,
    facts: Mapping[str, bytes],
    pairs: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
) -> bytes:
    listing, left_out, _, header, name = match.groups()
    if listing is not None:
        without = {one.strip() for one in left_out.split(",")}
        kept = sorted((key, value) for key, value in pairs if key not in without)
        if listing == "sorted_kv":
            return "".join(f"{key}{value}" for key, value in kept).encode()
        return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in kept).encode()
    if header is not None:
        return headers.get(header.strip().lower(), "").encode()
    if name in facts:
        return facts[name]
    value = account.values.get(name)
    return b"" if value is None else str(value).encode()


_ENCODE: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "HEX": lambda digest: digest.hex().upper(),
    "base64": lambda digest: base64.b64encode(digest).decode(),
}
