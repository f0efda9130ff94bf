"""Does a webhook of TikTok Shop ring for a pull? Its type alone is looked at; nothing it says is believed."""

from __future__ import annotations

from syncworker.connector import Document, MalformedAnswerError, read_json

#: Types that say nothing of orders: product status, contents, creation and audit, an expiring consent, chats.
#: Every other one rings, also one that nobody has heard of: a pull does no harm.
_SILENT = frozenset((5, 7, 13, 14, 15, 16, 27, 37))


def rings(body: bytes, shop_id: str | None) -> bool:
    """Whether orders of this shop may have changed; the signature has been checked already."""
    try:
        event = Document(read_json(body))
        told = event.get("shop_id")
        if shop_id is not None and told is not None and told.shown() != shop_id:
            return False
        return event["type"].whole(most=100_000) not in _SILENT
    except MalformedAnswerError:
        return True
