"""Which words must nobody read? Every spelling of a channel's secrets, cut out of errors and logs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

#: Shorter ones would cut holes into ordinary words.
_SHORTEST = 4


class Redactor:
    """Knows the secrets of one account, also those that came later. May be shared by threads."""

    def __init__(self, secrets: Iterable[SecretStr] = ()) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self.learn(secrets)

    def learn(self, secrets: Iterable[SecretStr]) -> None:
        """Know these too, from now on."""
        values = {secret.get_secret_value() for secret in secrets}
        if values <= self._known:
            return
        with self._lock:
            self._known = self._known | values
            forms = {form for value in self._known for form in _spellings(value)}
            self._forms = tuple(sorted((f for f in forms if len(f) >= _SHORTEST), key=len, reverse=True))

    def redact(self, text: str) -> str:
        """``text`` without any of them."""
        for form in self._forms:
            text = text.replace(form, "[redacted]")
        return text


def _spellings(value: str) -> set[str]:
    """Every way in which a secret may turn up; "Bearer x" counts as x too."""
    parts = (value, value.rsplit(maxsplit=1)[-1] if value.split() else "")
    return {spelling for part in parts for spelling in (part, quote(part, safe=""), quote_plus(part))}
