"""Which error does each status become, and does any of them give a secret away?"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime

import pytest
import responses
import structlog
from pydantic import SecretStr

from syncworker.connector import (
    ChannelError,
    ChannelHttp,
    ChannelMisconfiguredError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
    Verdict,
)

URL = "https://shop.example/v1"
TOKEN = "tok-3f9a/ü?&="
TOKEN_ASCII = "tok-3f9a&b=c"


def client(**more: object) -> ChannelHttp:
    return ChannelHttp("toko", URL, retry_reads_s=0.0, **more)  # type: ignore[arg-type]  # whatever a test needs


def answering(
    status: int, *, effect: bool, body: str = "{}", headers: dict[str, str] | None = None, **more: object
) -> ChannelError:
    with responses.RequestsMock() as shop:
        shop.post(f"{URL}/quantities", status=status, body=body, headers=headers)
        with pytest.raises(ChannelError) as raised:
            client(**more).request_json("POST", "/quantities", effect=effect)
    return raised.value


@pytest.mark.parametrize("status", [401, 403, 405])
@pytest.mark.parametrize("effect", [True, False])
def test_wrong_credentials_stop_the_channel_and_applied_nothing(status: int, effect: bool) -> None:
    assert type(answering(status, effect=effect)) is ChannelMisconfiguredError


@pytest.mark.parametrize("status", [400, 404, 409, 410, 413, 422])
@pytest.mark.parametrize("effect", [True, False])
def test_a_definite_refusal_tells_its_status_and_code(status: int, effect: bool) -> None:
    error = answering(status, effect=effect, body='{"code": "batch_too_large", "message": "at most 10"}')

    assert isinstance(error, RequestRefusedError)
    assert (error.status, error.code) == (status, "batch_too_large")
    assert "at most 10" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425, 418, 599])
def test_what_is_not_definite_is_unknown_for_a_write_and_postponed_for_a_read(status: int) -> None:
    assert type(answering(status, effect=True, body="<html>")) is OutcomeUnknownError
    assert type(answering(status, effect=False, body="<html>")) is RetryLaterError


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_write_may_have_been_applied(status: int) -> None:
    assert type(answering(status, effect=True, headers={"Location": URL})) is OutcomeUnknownError


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("99999999", 3600.0),
        ("inf", 3600.0),
        ("nan", None),
        ("soon", None),
        ("Tue, 24 Nov 2026 08:30:20 GMT", 20.0),
        ("Tue, 24 Nov 2026 08:29:00 GMT", 0.0),
        ("Tue, 99 Nov 2026 08:29:00 GMT", None),
        (None, None),
    ],
)
def test_the_asked_wait_is_between_nothing_and_an_hour(given: str | None, seconds: float | None) -> None:
    headers = {"Date": "Tue, 24 Nov 2026 08:30:00 GMT"} | ({"Retry-After": given} if given else {})
    error = answering(429, effect=True, headers=headers)

    assert isinstance(error, RetryLaterError)
    assert error.retry_after_s == seconds


def test_a_connector_overrides_single_statuses() -> None:
    statuses = {404: Verdict.MISCONFIGURED, 503: Verdict.RETRY_LATER}

    assert type(answering(404, effect=True, statuses=statuses)) is ChannelMisconfiguredError
    assert type(answering(503, effect=True, statuses=statuses)) is RetryLaterError
    assert type(answering(422, effect=True, statuses=statuses)) is RequestRefusedError


def test_an_accepted_status_is_an_answer() -> None:
    with responses.RequestsMock() as shop:
        shop.post(f"{URL}/listings", status=409, json={"code": "already_listed"})
        answer = client().request_json("POST", "/listings", effect=True, accept={409})

    assert (answer.status, answer.body) == (409, {"code": "already_listed"})


def test_an_answer_without_a_body_is_nothing_and_not_malformed() -> None:
    with responses.RequestsMock() as shop:
        shop.delete(f"{URL}/hook", status=204)
        assert client().request_json("DELETE", "/hook", effect=True).body is None


def test_a_foreign_adapter_is_never_believed_that_nothing_left() -> None:
    with responses.RequestsMock() as shop:
        shop.post(f"{URL}/quantities", body=ConnectionError("somewhere"))
        with pytest.raises(OutcomeUnknownError):
            client().request_json("POST", "/quantities", effect=True)


def test_a_read_waits_as_long_as_it_was_asked_to_and_no_longer_than_it_may() -> None:
    slept: list[float] = []
    http = ChannelHttp("toko", URL, sleep=slept.append)

    with responses.RequestsMock() as shop:
        shop.get(f"{URL}/orders", status=429, headers={"Retry-After": "3"})
        shop.get(f"{URL}/orders", json={})
        http.request_json("GET", "/orders", effect=False)
        shop.get(f"{URL}/listings", status=429, headers={"Retry-After": "9"})
        with pytest.raises(RetryLaterError):
            http.request_json("GET", "/listings", effect=False)

    assert slept == [3.0]


def test_a_definite_answer_to_a_read_is_not_asked_for_again() -> None:
    http = ChannelHttp("toko", URL, sleep=lambda _: pytest.fail("waited"))

    with responses.RequestsMock() as shop:
        shop.get(f"{URL}/orders", status=401)
        with pytest.raises(ChannelMisconfiguredError):
            http.request_json("GET", "/orders", effect=False)


@pytest.mark.parametrize(
    "url", ["ftp://shop.example", "shop.example", "https://user:pw@shop.example", "https://shop.example?a=1"]
)
def test_an_unusable_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ChannelMisconfiguredError, match="base_url"):
        ChannelHttp("toko", url)


# ---------------------------------------------------------------- secrets


def secretive(body: str | Exception, status: int = 400) -> str:
    """Everything that a failed call leaves behind: error, its chain, the client's repr, the log."""
    http = ChannelHttp(
        "toko",
        URL,
        headers={"Authorization": SecretStr(f"Bearer {TOKEN_ASCII}")},
        secrets=[SecretStr(TOKEN)],
        retry_reads_s=0.0,
    )
    with structlog.testing.capture_logs() as log, responses.RequestsMock() as shop:
        shop.post(f"{URL}/push/{TOKEN_ASCII}", body=body, status=status)
        with pytest.raises(ChannelError) as raised:
            http.request_json(
                "POST", f"/push/{TOKEN_ASCII}", effect=True, query={"sign": SecretStr(TOKEN)}, json={"a": 1}
            )
    return "\n".join(
        [
            str(raised.value),
            repr(raised.value),
            repr(http),
            repr(log),
            *traceback.format_exception(raised.value),
            repr(raised.value.__context__),
            repr(raised.value.__cause__),
        ]
    )


@pytest.mark.parametrize(
    "body",
    [
        f'{{"code": "{TOKEN_ASCII}", "message": "the token {TOKEN_ASCII} is of no use"}}',
        f'{{"message": "sign={TOKEN}"}}',
        f'{{"message": "{"x" * 195}{TOKEN_ASCII}"}}',
        "tok-3f9a is in a body that is not JSON",
        ConnectionError(f"https://shop.example/push?sign={TOKEN}"),
    ],
)
@pytest.mark.parametrize("status", [302, 400, 401, 429, 500])
def test_no_secret_is_left_in_an_error_its_chain_or_the_log(body: str | Exception, status: int) -> None:
    assert "3f9a" not in secretive(body, status)


def test_the_log_tells_method_host_path_status_and_time() -> None:
    with structlog.testing.capture_logs() as log, responses.RequestsMock() as shop:
        shop.get(f"{URL}/orders?cursor=x", json={})
        client().request_json("GET", "/orders", effect=False, query={"cursor": "x"})

    (entry,) = log
    assert (entry["method"], entry["host"], entry["path"], entry["status"]) == (
        "GET",
        "shop.example",
        "/orders",
        200,
    )
    assert isinstance(entry["ms"], int)


def test_a_header_that_cannot_be_sent_is_named_without_its_value() -> None:
    http = ChannelHttp("toko", URL, headers={"X-Key": SecretStr("3f9a\nX: y")})

    with pytest.raises(ChannelMisconfiguredError) as raised:
        http.request_json("GET", "/orders", effect=False)

    assert "3f9a" not in "".join(traceback.format_exception(raised.value))


def test_the_library_below_does_not_log_addresses() -> None:
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.DEBUG)


def test_times_are_aware() -> None:
    with responses.RequestsMock() as shop:
        shop.get(f"{URL}/shop", json={}, headers={"Date": "Tue, 24 Nov 2026 08:30:00 GMT"})
        answer = client().request_json("GET", "/shop", effect=False)

    assert answer.channel_time == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
