"""Which keys do credentials and webhooks have in a manifest? One table a kind of proof."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from syncworker.connector.declarative.expression import Expression
from syncworker.connector.declarative.fields import Strict
from syncworker.connector.declarative.parts import Seconds
from syncworker.connector.declarative.template import Template

#: A text with ``${settings}``.
Text = str


class NoAuth(Strict):
    """Nobody asks who we are."""

    type: Literal["none"]


class BasicAuth(Strict):
    """HTTP Basic."""

    type: Literal["basic"]
    username: Text = Field(description="Usually a setting")
    password: Text = Field(default="", description="Usually a secret setting")


class BearerAuth(Strict):
    """``Authorization: Bearer TOKEN``."""

    type: Literal["bearer"]
    token: Text = Field(description="Usually a secret setting")


class ApiKeyAuth(Strict):
    """A key in a header, the query or a cookie."""

    type: Literal["api_key"]
    put: Literal["header", "query", "cookie"] = Field(default="header", description="Where it is put")
    name: str = Field(description="Of the header, parameter or cookie")
    value: Text = Field(description="Usually a secret setting")
    prefix: str = Field(default="", description="In front of the value")


class TokenPlace(Strict):
    """Where a token goes and how its answer is read."""

    put: Literal["header", "query"] = Field(default="header", description="Where the token is put")
    name: str = Field(default="Authorization", description="Of the header or parameter")
    prefix: str = Field(default="Bearer ", description="In front of the token")
    token_path: Expression = Field(
        default=Expression.parse("access_token"), description="The token in the answer"
    )
    expires_path: Expression | None = Field(
        default=Expression.parse("expires_in"),
        description="Seconds for which it holds, or the Unix time at which it ends",
    )
    early_s: Seconds = Field(default=60.0, description="Renewed so many seconds before it ends")


class OAuth2ClientAuth(TokenPlace):
    """OAuth 2 client credentials."""

    type: Literal["oauth2_client"]
    token_url: Text = Field(description="Where tokens are given out")
    client_id: Text = Field(description="Usually a setting")
    client_secret: Text = Field(description="Usually a secret setting")
    scope: Text | None = Field(default=None, description="What is asked for")
    client_auth: Literal["basic", "body"] = Field(default="basic", description="How the client proves itself")


class OAuth2RefreshAuth(TokenPlace):
    """A token that is renewed by a refresh token; one that changes each time is stored before it is used."""

    type: Literal["oauth2_refresh"]
    token_url: Text = Field(description="Where tokens are renewed")
    refresh_token: Text | None = Field(
        default=None, description="The first one, if it is a setting; else `channel connect` brings it"
    )
    rotate: bool = Field(default=True, description="Whether each answer brings a new refresh token")
    encode: Literal["form", "json"] = Field(default="form", description="How the body is written")
    body: dict[str, Template] = Field(
        description="What is sent; `=refresh_token` stands for the refresh token"
    )
    refresh_path: Expression = Field(
        default=Expression.parse("refresh_token"), description="The new refresh token in the answer"
    )


class SessionAuth(TokenPlace):
    """A log-in whose answer holds a token."""

    type: Literal["session"]
    path: str = Field(pattern="^/", description="Of the log-in, from base_url on")
    method: Literal["POST", "GET"] = Field(default="POST", description="HTTP method")
    body: Template | None = Field(default=None, description="What is sent, as JSON")
    token_header: str | None = Field(
        default=None, description="Header of the answer that holds the token, instead of token_path"
    )
    ttl_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Seconds for which it holds"
    )


class SignatureSpec(Strict):
    """An HMAC over a message made of the request."""

    key: Text = Field(description="The secret; a setting")
    message: str = Field(
        description="Literal text with {method}, {path}, {host}, {url}, {timestamp}, {nonce}, {body}, {body_sha256}, "
        "{sorted_kv(a,b)} (names and values of all parameters by name, without a and b), {sorted_query(a)}, "
        "{access_token}, {header:name} and any {setting}"
    )
    hash: Literal["sha256", "sha1", "sha512", "md5"] = Field(default="sha256", description="The hash")
    encode: Literal["hex", "HEX", "base64"] = Field(default="hex", description="How the signature is written")


class HmacAuth(SignatureSpec):
    """Each request is signed."""

    type: Literal["hmac"]
    put: Literal["header", "query"] = Field(default="query", description="Where the signature is put")
    name: str = Field(description="Of the header or parameter")
    prefix: str = Field(default="", description="In front of the signature")
    add_timestamp: Literal["s", "ms", "iso"] | None = Field(
        default=None, description="Adds the time, written so"
    )
    timestamp_name: str = Field(default="timestamp", description="Of the parameter with the time")
    nonce_name: str | None = Field(
        default=None, description="Of a parameter with a random text, if one is wanted"
    )
    params: dict[str, Text] = Field(default={}, description="Parameters that are added before signing")
    params_in: Literal["query", "form"] = Field(
        default="query", description="Which parameters sorted_kv takes"
    )
    without_body: tuple[str, ...] = Field(
        default=("multipart/form-data",), description="Media types whose body is left out of the message"
    )


Auth = Annotated[
    NoAuth
    | BasicAuth
    | BearerAuth
    | ApiKeyAuth
    | OAuth2ClientAuth
    | OAuth2RefreshAuth
    | SessionAuth
    | HmacAuth,
    Field(discriminator="type"),
]


class WebhookHmac(SignatureSpec):
    """A webhook is signed; its message may use {url}, {body}, {header:name}."""

    type: Literal["hmac"]
    header: str = Field(description="Header with the signature")
    prefix: str = Field(default="", description="In front of the signature")


class WebhookToken(Strict):
    """A webhook carries a secret that we chose."""

    type: Literal["token"]
    value: Text = Field(description="The secret; a setting")
    header: str | None = Field(default=None, description="Header that carries it")
    query: str | None = Field(default=None, description="Parameter of the address that carries it")

    @model_validator(mode="after")
    def _one_place(self) -> WebhookToken:
        if (self.header is None) == (self.query is None):
            raise ValueError("needs either header or query")
        return self


class WebhookUnproven(Strict):
    """A webhook proves nothing. It is only ever a hint to pull, so that costs a pull."""

    type: Literal["none"]


class WebhookSpec(Strict):
    """What the channel calls when something changed. Never believed: it only rings for a pull."""

    verify: Annotated[WebhookHmac | WebhookToken | WebhookUnproven, Field(discriminator="type")] = Field(
        description="How it proves that it comes from the channel"
    )
    ping: Expression | None = Field(
        default=None, description="On {headers, body, form}: a harmless test call that needs no proof"
    )
    about_orders: Expression | None = Field(
        default=None,
        description="On {headers, body, form}: whether orders may have changed; without it always",
    )
    sent_at_header: str | None = Field(default=None, description="Header with the Unix time it was sent at")
    max_age_s: Seconds = Field(
        default=300.0, description="Older ones are refused, where sent_at_header is given"
    )
