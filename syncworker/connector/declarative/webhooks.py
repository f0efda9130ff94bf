"""Does a call really come from the channel, and does it concern orders? A hint to pull, and never more."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from syncworker.connector.abilities import WebhookRefusedError, WebhookRequest
from syncworker.connector.answers import Json, read_json
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import condition
from syncworker.connector.declarative.proofs import WebhookHmac, WebhookSpec, WebhookToken
from syncworker.connector.declarative.signing import matches, signed
from syncworker.errors import MalformedAnswerError


class Webhooks:
    """Judges webhooks of one account."""

    def __init__(self, spec: WebhookSpec, account: Account) -> None:
        values = account.open_values
        self._spec, self._account = spec, account
        self._ping = None if spec.ping is None else condition(spec.ping, values)
        self._about = None if spec.about_orders is None else condition(spec.about_orders, values)

    def hint(self, request: WebhookRequest) -> bool:
        """Whether orders may have changed; ``WebhookRefusedError`` if nothing proves the sender."""
        facts = _facts(request)
        if self._ping is not None and _holds(self._ping, facts, otherwise=False):
            return False
        self._prove(request)
        return self._about is None or _holds(self._about, facts, otherwise=True)

    def _prove(self, request: WebhookRequest) -> None:
        proof = self._spec.verify
        if isinstance(proof, WebhookHmac):
            facts = {"url": request.url.encode(), "body": request.body}
            expected = proof.prefix + signed(proof, self._account, facts, headers=request.headers)
            given = request.headers.get(proof.header.lower(), "")
            if not self._account.text(proof.key) or not matches(expected, given):
                raise WebhookRefusedError(f"its {proof.header} is not ours")
        if isinstance(proof, WebhookToken):
            self._prove_token(proof, request)
        self._be_fresh(request)

    def _prove_token(self, proof: WebhookToken, request: WebhookRequest) -> None:
        query = dict(parse_qsl(urlsplit(request.url).query))
        given = (
            request.headers.get(proof.header.lower(), "")
            if proof.header
            else query.get(proof.query or "", "")
        )
        wanted = self._account.text(proof.value)
        if not wanted or not matches(wanted, given):
            raise WebhookRefusedError("its token is not ours")

    def _be_fresh(self, request: WebhookRequest) -> None:
        name = self._spec.sent_at_header
        if name is None:
            return
        text = request.headers.get(name.lower(), "")
        received = request.received_at.timestamp()
        if not text.isascii() or not text.isdigit() or abs(received - int(text)) > self._spec.max_age_s:
            raise WebhookRefusedError("it is too old")


def _facts(request: WebhookRequest) -> Json:
    try:
        body = read_json(request.body)
    except MalformedAnswerError:
        body = None
    form: dict[str, Json] = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    return {"headers": dict(request.headers), "body": body, "form": form}


def _holds(holds: Callable[[Json], bool], facts: Json, *, otherwise: bool) -> bool:
    try:
        return holds(facts)
    except MalformedAnswerError:
        return otherwise
