"""How is an operation sent? One guarded POST, its errors read as consequences, its points spent with care.

Never sends a write twice, with one exception: a request refused because its token had ended goes once more with a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from syncworker.connector import (
    Answer,
    ChannelHttp,
    Document,
    Json,
    MalformedAnswerError,
    OutcomeUnknownError,
    Ruling,
    Verdict,
)
from syncworker_shopify import refusals
from syncworker_shopify.budget import READ_WAIT_S, WRITE_WAIT_S, budget_of
from syncworker_shopify.operations import Operation
from syncworker_shopify.settings import ShopifySettings
from syncworker_shopify.tokens import ShopifyAuthorizer

#: Which version was really served, as Shopify's own libraries read it.
VERSION_HEADER = "x-shopify-api-version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The ``data`` of an answer. A part that failed alone is null in it."""

    data: Document
    #: The same as it came, for what is longer than a document is read for.
    raw: Json = None
    #: The words beside parts that failed.
    errors: str = ""
    channel_time: datetime | None = None
    served_version: str | None = None


class ShopifyClient:
    """The Admin API of one shop."""

    def __init__(self, account: str, settings: ShopifySettings, authorizer: ShopifyAuthorizer) -> None:
        self._path = f"/admin/api/{settings.api_version}/graphql.json"
        self._budget = budget_of(account, settings.address)
        self._http = ChannelHttp(
            account,
            settings.address,
            secrets=tuple(
                secret
                for secret in (settings.token, settings.client_secret, settings.client_secret_before)
                if secret is not None
            ),
            allow_private_network=settings.allow_private_network,
            horizon_s=settings.capabilities().rules().horizon_s,
            statuses=refusals.STATUSES,
            allowances=settings.rate_limits,
            authorizer=authorizer,
        )

    def call(
        self,
        operation: Operation,
        variables: Mapping[str, Json] | None = None,
        *,
        rows: int = 0,
        effect: bool = False,
    ) -> Reply:
        """Send one operation. Raises what ``ChannelHttp`` raises, also for errors beside HTTP 200."""
        self._budget.take(operation.cost(rows), patience_s=WRITE_WAIT_S if effect else READ_WAIT_S)
        body: Json = {
            "query": operation.text,
            "operationName": operation.name,
            "variables": dict(variables or {}),
        }
        answer = self._http.request_json("POST", self._path, effect=effect, json=body, judge=self._judge)
        return self._opened(answer, operation, effect=effect)

    def redact(self, text: str) -> str:
        """``text`` without any secret of the account."""
        return self._http.redact(text)

    def _judge(self, status: int, body: Json, _headers: Mapping[str, str]) -> Ruling | None:
        """HTTP's own table, but for a 200 that brings errors instead of data."""
        if status != 200 or not isinstance(body, dict):
            return None
        wait_s = self._budget.learn(body.get("extensions"))
        errors = body.get("errors")
        if not errors or _has_data(body.get("data")):
            return None
        codes = refusals.codes(errors)
        verdict = refusals.verdict(codes)
        return Ruling(
            verdict=verdict,
            code=codes[0],
            message=refusals.words(errors),
            retry_after_s=wait_s if verdict is Verdict.RETRY_LATER else None,
        )

    def _opened(self, answer: Answer, operation: Operation, *, effect: bool) -> Reply:
        try:
            envelope = Document(answer.body)
            data = envelope["data"]
            data.names()
        except MalformedAnswerError as error:
            problem = f"{operation.name}: {error}"
            raise OutcomeUnknownError(problem) if effect else MalformedAnswerError(problem) from None
        body = answer.body if isinstance(answer.body, dict) else {}
        errors = refusals.words(body.get("errors") or [])
        if errors and not effect:
            raise MalformedAnswerError(f"{operation.name}: a part is missing: {self.redact(errors)[:200]}")
        return Reply(
            data=data,
            raw=body.get("data"),
            errors=self.redact(errors),
            channel_time=answer.channel_time,
            served_version=answer.headers.get(VERSION_HEADER),
        )


def _has_data(data: Json) -> bool:
    return isinstance(data, dict) and any(value is not None for value in data.values())
