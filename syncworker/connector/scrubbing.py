"""What of a recorded answer may be kept? Everything but secrets and people; the shape stays, so that it can be replayed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

#: Names of fields that hold something a person could use as a key.
_SECRET = re.compile(
    r"token|secret|passw|api_?key|signature|^sign$|authorization|cookie|hmac|app_?secret", re.IGNORECASE
)
#: Names of fields that tell who bought, and where they live.
_PERSON = re.compile(
    r"buyer|customer|recipient|consignee|receiver|e_?mail|phone|mobile|address|postal|postcode|zip(_?code)?$"
    r"|first_?name|last_?name|full_?name|family_?name|given_?name|nick_?name|user_?name|contact|street|city|district"
    r"|province|^note|remark|message_to|birth|tax_?id|vat_?(id|number)|cpf|latitude|longitude|ip_?address|billing",
    re.IGNORECASE,
)
#: Ids are kept where they say nothing by themselves: two lines of one buyer stay alike.
_COUNTS = re.compile(r"(count|total|is_|has_)", re.IGNORECASE)
HIDDEN, SOMEBODY = "[redacted]", "[somebody]"


def scrubbed(document: Any, redact: Callable[[str], str]) -> Any:  # Any: whatever JSON holds
    """The same document without secrets and buyers; texts go through ``redact`` too. Numbers in hidden fields become 0."""
    if isinstance(document, dict):
        return {name: _field(name, value, redact) for name, value in document.items()}
    if isinstance(document, list):
        return [scrubbed(value, redact) for value in document]
    return redact(document) if isinstance(document, str) else document


def is_secret(name: str) -> bool:
    """Whether a field, parameter or header of this name holds a secret."""
    return _SECRET.search(name) is not None


def _field(name: str, value: Any, redact: Callable[[str], str]) -> Any:  # Any: as above
    if is_secret(name):
        return _blank(value, HIDDEN)
    if _PERSON.search(name) and not _COUNTS.match(name):
        return _blank(value, SOMEBODY)
    return scrubbed(value, redact)


def _blank(value: Any, word: str) -> Any:  # Any: as above
    """The shape without what stood in it."""
    if isinstance(value, dict):
        return {name: _blank(one, word) for name, one in value.items()}
    if isinstance(value, list):
        return [_blank(one, word) for one in value]
    if value is None or isinstance(value, bool):
        return value
    return word if isinstance(value, str) else 0
