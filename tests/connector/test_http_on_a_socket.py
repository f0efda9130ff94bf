"""What does a connector's HTTP call say when the other side misbehaves? Real sockets, one misbehaviour at a time."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from datetime import UTC, datetime

import pytest

from syncworker.connector import (
    ChannelHttp,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RetryLaterError,
    SendWindow,
    transport,
)
from syncworker.connector.http import BODY_MAX_BYTES
from syncworker.connector.transport import Stopwatch
from tests.connector.rude_server import (
    Manner,
    RudeServer,
    cut_short,
    dropping,
    endless,
    hanging_up,
    head,
    in_turn,
    polite,
    silent,
    trickling,
)
from tests.waiting import await_condition

#: A horizon that gives a request 0.45 s in all.
SHORT_S = 1.0


def client(url: str, *, horizon_s: float = 120.0, retry_reads_s: float = 0.0) -> ChannelHttp:
    return ChannelHttp(
        "toko", url, allow_private_network=True, horizon_s=horizon_s, retry_reads_s=retry_reads_s
    )


def push(http: ChannelHttp) -> None:
    http.request_json("POST", "/quantities", effect=True, json={"items": []})


def read(http: ChannelHttp) -> None:
    http.request_json("GET", "/orders", effect=False)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_a_refused_connection_applied_nothing() -> None:
    http = client(f"http://127.0.0.1:{closed_port()}")

    with pytest.raises(RetryLaterError, match="not sent, the connection was refused"):
        push(http)


def test_a_name_that_does_not_resolve_applied_nothing() -> None:
    with pytest.raises(RetryLaterError, match="not sent"):
        push(client("http://shop.invalid"))


def test_a_request_does_not_leave_after_its_window() -> None:
    with RudeServer(polite()) as server, SendWindow(0.0), pytest.raises(RetryLaterError, match="not sent"):
        push(client(server.url))

    assert server.requests == []


def test_a_read_may_leave_after_the_window_of_a_push() -> None:
    with RudeServer(polite()) as server, SendWindow(0.0):
        read(client(server.url))

    assert len(server.requests) == 1


def test_the_window_is_that_of_the_innermost_block_and_ends_with_it() -> None:
    with RudeServer(polite()) as server:
        http = client(server.url)
        with SendWindow(60.0):
            with SendWindow(0.0), pytest.raises(RetryLaterError):
                push(http)
            push(http)
        push(http)

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "manner", [dropping, cut_short, polite(b"<html>"), polite(b'{"items": ['), polite(b"")]
)
def test_a_write_without_a_readable_answer_may_have_been_applied_and_is_sent_once(manner: Manner) -> None:
    with RudeServer(manner) as server, pytest.raises(OutcomeUnknownError):
        push(client(server.url, retry_reads_s=8.0))

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "manner", [silent, trickling(head("Content-Length: 999")), trickling(b"HTTP/1.1 200 OK\r\nX: ")]
)
def test_the_total_time_holds_for_an_answer_that_comes_byte_by_byte(manner: Manner) -> None:
    started = time.monotonic()

    with RudeServer(manner) as server, pytest.raises(OutcomeUnknownError):
        push(client(server.url, horizon_s=SHORT_S))

    assert time.monotonic() - started < SHORT_S


@pytest.mark.parametrize("manner", [dropping, cut_short])
def test_a_broken_read_is_tried_again_for_some_seconds(manner: Manner) -> None:
    with RudeServer(in_turn(manner, manner, polite(b'{"orders": []}'))) as server:
        read(client(server.url, retry_reads_s=8.0))

    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("manner", "error"),
    [
        (silent, RetryLaterError),
        (dropping, RetryLaterError),
        (cut_short, RetryLaterError),
        (polite(b"{"), MalformedAnswerError),
    ],
)
def test_a_read_that_cannot_be_had_is_postponed_and_one_that_cannot_be_read_is_malformed(
    manner: Manner, error: type[Exception]
) -> None:
    with RudeServer(manner) as server, pytest.raises(error):
        read(client(server.url, horizon_s=SHORT_S))


def test_an_answer_larger_than_any_honest_one_is_not_read_to_its_end() -> None:
    with RudeServer(endless(head("Content-Length: 99999999999"), b" " * 65_536)) as server:
        with pytest.raises(MalformedAnswerError, match="larger than any honest one"):
            read(client(server.url))
        with pytest.raises(OutcomeUnknownError):
            push(client(server.url))


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b" " * (BODY_MAX_BYTES + 1))

    with RudeServer(polite(bomb, "Content-Encoding: gzip")) as server, pytest.raises(MalformedAnswerError):
        read(client(server.url))


def test_a_packed_answer_is_read() -> None:
    packed = gzip.compress(b'{"orders": []}')

    with RudeServer(polite(packed, "Content-Encoding: gzip")) as server:
        assert client(server.url).request_json("GET", "/orders", effect=False).body == {"orders": []}


def test_a_redirect_is_not_followed() -> None:
    with RudeServer(polite()) as elsewhere:
        away = polite(b"", f"Location: {elsewhere.url}/stolen", status="302 Found")
        with RudeServer(away) as server, pytest.raises(ChannelMisconfiguredError, match="points to 127"):
            read(client(server.url))
        with RudeServer(away) as server, pytest.raises(OutcomeUnknownError):
            push(client(server.url))

    assert elsewhere.requests == []


def test_a_server_that_does_not_speak_tls_got_nothing() -> None:
    with RudeServer(dropping) as server, pytest.raises(RetryLaterError, match="not sent"):
        push(client(server.url.replace("http:", "https:"), horizon_s=SHORT_S))


def test_an_address_of_a_private_network_is_refused_unless_it_is_allowed() -> None:
    with (
        RudeServer(polite()) as server,
        pytest.raises(ChannelMisconfiguredError, match="allow_private_network"),
    ):
        push(ChannelHttp("toko", server.url))

    assert server.connections == 0


def test_a_connection_is_used_again() -> None:
    with RudeServer(polite()) as server:
        http = client(server.url)
        push(http)
        push(http)

    assert (server.connections, len(server.requests)) == (1, 2)


def test_a_connection_that_the_server_closed_meanwhile_costs_no_outcome() -> None:
    with RudeServer(in_turn(hanging_up, polite())) as server:
        http = client(server.url)
        push(http)
        await_condition(lambda: server.closed == 1, 5, "the server to hang up")
        push(http)

    assert (server.connections, len(server.requests)) == (2, 2)


def test_a_connection_that_was_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE_S", 0.0)

    with RudeServer(polite()) as server:
        http = client(server.url)
        push(http)
        push(http)

    assert server.connections == 2


def test_each_thread_has_connections_of_its_own() -> None:
    with RudeServer(polite()) as server:
        http = client(server.url)
        threads = [threading.Thread(target=push, args=(http,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert (server.connections, len(server.requests)) == (3, 3)


def test_no_cookie_is_kept_and_the_user_agent_is_ours() -> None:
    with RudeServer(polite(b"{}", "Set-Cookie: visitor=7")) as server:
        http = client(server.url)
        read(http)
        read(http)

    assert b"Cookie" not in server.requests[1]
    assert b"User-Agent: syncworker/" in server.requests[1]


def test_proxy_settings_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")

    with RudeServer(polite()) as server:
        read(client(server.url))

    assert len(server.requests) == 1


def test_the_channels_clock_is_read_from_its_date_header() -> None:
    with RudeServer(polite(b"{}", "Date: Tue, 24 Nov 2026 08:30:00 GMT")) as server:
        answer = client(server.url).request_json("GET", "/shop", effect=False)

    assert answer.channel_time == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def test_time_asleep_counts_although_the_monotonic_clock_stood_still() -> None:
    watch = Stopwatch()
    watch._wall -= 3600

    assert watch.elapsed_s() >= 3600


def test_a_clock_that_was_set_back_does_not_lengthen_the_window() -> None:
    watch = Stopwatch()
    watch._monotonic -= 10
    watch._wall += 3600

    assert watch.elapsed_s() >= 10
