"""What does a refusal of Shopify mean? One table from error code to consequence; what is not listed proves nothing.

Sources: the enumerations of the schema, and the response page of the Admin API. A GraphQL answer is HTTP 200 either way.
"""

from __future__ import annotations

from collections.abc import Iterable

from syncworker.connector import Document, Json, Verdict

#: Of a whole request: nothing of it was carried out.
_LATER = frozenset(("THROTTLED",))
_MISCONFIGURED = frozenset(("ACCESS_DENIED", "SHOP_INACTIVE"))
_REFUSED = frozenset(
    (
        "MAX_COST_EXCEEDED",
        "BAD_REQUEST",
        "INVALID_FIELD_ARGUMENTS",
        # What a document that does not fit the schema is told; nothing of it was carried out.
        "argumentLiteralsIncompatible",
        "argumentNotAccepted",
        "INVALID_VARIABLE",
        "missingRequiredArguments",
        "missingRequiredInputObjectAttribute",
        "undefinedDirective",
        "undefinedField",
        "undefinedType",
        "variableMismatch",
    )
)
#: Beside HTTP's own table: a frozen or closed shop, a wrong name of the shop, an unpaid bill.
STATUSES = {402: Verdict.MISCONFIGURED, 404: Verdict.MISCONFIGURED, 423: Verdict.MISCONFIGURED}

#: Of one number: another one stood there.
STALE = frozenset(("CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"))
#: Of one number: it will not be taken until a person acts.
PARKS = frozenset(
    (
        "INVALID_INVENTORY_ITEM",
        "INVALID_LOCATION",
        "ITEM_NOT_STOCKED_AT_LOCATION",
        "NON_MUTABLE_INVENTORY_ITEM",
        "INVALID_NAME",
        "INVALID_QUANTITY_NEGATIVE",
        "INVALID_QUANTITY_TOO_HIGH",
        "INVALID_QUANTITY_TOO_LOW",
        "INVALID_REASON",
        "INVALID_REFERENCE_DOCUMENT",
        "COMPARE_QUANTITY_REQUIRED",
        "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
    )
)
# IDEMPOTENCY_* is in neither: each speaks of an earlier request with the key, whose outcome it does not tell.


def verdict(codes: Iterable[str]) -> Verdict:
    """What the codes of a request that brought no data say of it."""
    given = set(codes)
    if given and given <= _LATER:
        return Verdict.RETRY_LATER
    if given and given <= _MISCONFIGURED:
        return Verdict.MISCONFIGURED
    if given and given <= _REFUSED:
        return Verdict.REFUSED
    return Verdict.UNKNOWN


def codes(errors: Json) -> list[str]:
    """The code of each error of a whole request; an error without one has an empty one."""
    found = []
    for error in errors if isinstance(errors, list) else [errors]:
        extensions = error.get("extensions") if isinstance(error, dict) else None
        code = extensions.get("code") if isinstance(extensions, dict) else None
        found.append(code if isinstance(code, str) else "")
    return found


def words(errors: Json) -> str:
    """What the errors of a whole request say."""
    if isinstance(errors, str):
        return errors
    told = (
        [error.get("message") for error in errors if isinstance(error, dict)]
        if isinstance(errors, list)
        else []
    )
    return "; ".join(message for message in told if isinstance(message, str))


def user_errors(payload: Document, name: str = "userErrors") -> list[tuple[str, str]]:
    """Code (empty where there is none) and words of each error that a mutation tells of its input."""
    found = []
    for error in payload[name].items():
        code, message = error.get("code"), error["message"]
        found.append(("" if code is None else code.shown(), message.shown()))
    return found


def in_words(errors: Iterable[tuple[str, str]]) -> str:
    """The same for people."""
    return "; ".join(f"{code}: {message}" if code else message for code, message in errors)
