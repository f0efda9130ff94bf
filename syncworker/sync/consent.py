"""How does a seller let us into an account? A link to open, what came back from there, and the token for it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel

from syncworker.connector.abilities import ConsentRequest, NeedsConsent
from syncworker.connector.auth import Token
from syncworker.errors import InputError
from syncworker.sync.vault import ChannelTokens


def ask(settings: BaseModel, redirect_url: str) -> ConsentRequest:
    """A new request; its state can be guessed by nobody."""
    return ConsentRequest(state=secrets.token_urlsafe(24), redirect_url=redirect_url, settings=settings)


def read_answer(text: str, request: ConsentRequest) -> Mapping[str, str]:
    """What the channel sent back, from the whole address that the browser ended at, or from the code alone.

    InputError if the channel refused, if the address holds no code, or if it answers another request than this one.
    """
    text = text.strip()
    if "?" not in text and "://" not in text:
        if not text or any(character.isspace() for character in text):
            raise InputError(
                "That is neither an address nor a code. Nothing was changed; run the command again."
            )
        return {"code": text}
    answer = dict(parse_qsl(urlsplit(text).query))
    if answer.get("state", request.state) != request.state:
        raise InputError(
            "That address answers another request than this one. Nothing was changed; open the link that this run"
            " printed, and paste where it leads."
        )
    if "error" in answer:
        said = answer.get("error_description") or answer["error"]
        raise InputError(f"The channel says no: {said}. Nothing was changed.")
    if not any(name in answer for name in ("code", "auth_code")):
        raise InputError(
            "That address holds no code. Copy it whole from the browser's address bar, after you agreed there."
        )
    return answer


def connect(
    connector: NeedsConsent, request: ConsentRequest, answer: Mapping[str, str], tokens: ChannelTokens
) -> Token:
    """Trade the answer for a token and store it. ChannelMisconfiguredError with the channel's own words if refused."""
    token = connector.token_for(request, answer)
    tokens.keep(token)
    return token
