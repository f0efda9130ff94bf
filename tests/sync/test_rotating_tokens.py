"""A manifest whose refresh tokens work once, on the real vault: renewed once for all, and what is lost is said and mended."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import responses
from pydantic import SecretStr
from requests import PreparedRequest

from syncworker.connector import Token
from syncworker.connector.declarative import DeclaredChannel
from syncworker.errors import ChannelMisconfiguredError, RetryLaterError
from syncworker.ledger import Ledger, ManualClock
from syncworker.ledger import tokens as token_rows
from syncworker.ledger.ledger import Transaction
from syncworker.sync.vault import RENEWAL_S
from tests.connector.declarative.shops import URL, described, opened
from tests.sync.test_vault import vault_on

LOGIN = "https://login.example/token"
ROTATING = {
    "type": "oauth2_refresh", "token_url": LOGIN, "rotate": True,
    "body": {"grant_type": "refresh_token", "refresh_token": "=refresh_token"},
}  # fmt: skip
Answered = tuple[int, dict[str, str], str]


class Office:
    """The channel's side: each refresh token works once, and only the newest access token opens anything."""

    def __init__(self, refresh: str = "r1") -> None:
        self.refresh, self.access, self.renewals = refresh, "a1", 0
        self.lock = threading.Lock()

    def token(self, request: PreparedRequest) -> Answered:
        body = request.body
        given = parse_qs(body.decode() if isinstance(body, bytes) else str(body))["refresh_token"][0]
        with self.lock:
            if given != self.refresh:
                return 400, {}, json.dumps({"code": "invalid_grant", "message": "the token was used already"})
            self.renewals += 1
            number = self.renewals + 1
            self.refresh, self.access = f"r{number}", f"a{number}"
            told = {"access_token": self.access, "refresh_token": self.refresh, "expires_in": 3600}
            return 200, {}, json.dumps(told)

    def me(self, request: PreparedRequest) -> Answered:
        is_known = request.headers.get("Authorization") in {"Bearer a1", f"Bearer {self.access}"}
        return (200 if is_known else 401), {}, "{}"


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as running:
        running.add_callback("POST", LOGIN, made.token)
        running.add_callback("GET", f"{URL}/me", made.me)
        yield made


def in_seconds(seconds: float) -> Token:
    """The first token, which ends in so many seconds."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    return Token(access=SecretStr("a1"), refresh=SecretStr("r1"), expires_at=ends)


def connected(ledger: Ledger, token: Token) -> None:
    vault_on(ledger).of("small").keep(token)


def channel(ledger: Ledger, **auth: object) -> DeclaredChannel:
    """As each worker opens it."""
    return opened(described(auth={**ROTATING, **auth}), tokens=vault_on(ledger).of("small"))


def stored(ledger: Ledger) -> tuple[str, str]:
    token = vault_on(ledger).of("small").current()
    assert token is not None
    assert token.refresh is not None
    return token.access.get_secret_value(), token.refresh.get_secret_value()


def test_workers_that_come_together_renew_once(sqlite_ledger: Ledger, office: Office) -> None:
    connected(sqlite_ledger, in_seconds(-1))
    together = threading.Barrier(4)

    def work() -> None:
        mine = channel(sqlite_ledger)
        together.wait()
        mine.check()

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(work) for _ in range(4)]:
            each.result()

    assert office.renewals == 1
    assert stored(sqlite_ledger) == ("a2", "r2")


def test_a_token_that_another_worker_replaced_meanwhile_is_not_renewed_again(
    ledger: Ledger, office: Office
) -> None:
    connected(ledger, in_seconds(3600))
    one, other = channel(ledger), channel(ledger)
    one.check()
    with responses.RequestsMock() as running:

        def replaced(_request: PreparedRequest) -> Answered:
            token = vault_on(ledger).of("small").current()
            assert token is not None
            vault_on(ledger).of("small").renew(
                token, lambda _: Token(access=SecretStr("a5"), refresh=SecretStr("r5"))
            )
            return 401, {}, "{}"

        running.add_callback("GET", f"{URL}/me", replaced)
        running.get(f"{URL}/me", json={})
        other.check()

    assert (office.renewals, stored(ledger)) == (0, ("a5", "r5"))


def _stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def lose_the_answer(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew, and be stopped between the channel's answer and the store."""
    with monkeypatch.context() as patch:
        patch.setattr(token_rows, "save", _stopped)
        with pytest.raises(KeyboardInterrupt):
            channel(ledger).check()


def a_minute_later(ledger: Ledger) -> None:
    """As long as a renewal of somebody who died holds others up."""
    assert isinstance(ledger.clock, ManualClock)
    ledger.clock.advance(timedelta(seconds=RENEWAL_S))


def claimed_by_a_dead_worker(ledger: Ledger) -> None:
    def claim(tx: Transaction) -> None:
        row = token_rows.load(tx, "small")
        assert row is not None
        assert token_rows.claim_renewal(tx, "small", row.generation, lease="dead", for_s=RENEWAL_S)

    ledger.run(claim)


def test_who_was_stopped_before_storing_the_answer_goes_on_to_the_old_tokens_end(
    manual_ledger: Ledger, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = manual_ledger
    connected(ledger, in_seconds(30))
    lose_the_answer(ledger, monkeypatch)
    a_minute_later(ledger)

    channel(ledger).check()

    assert (office.renewals, stored(ledger)) == (1, ("a1", "r1"))


def test_afterwards_only_this_channel_pauses_and_says_why_and_what_to_do(
    manual_ledger: Ledger, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = manual_ledger
    connected(ledger, in_seconds(-1))
    lose_the_answer(ledger, monkeypatch)
    a_minute_later(ledger)

    with pytest.raises(ChannelMisconfiguredError, match=r"works once.*lost.*channel connect small") as raised:
        channel(ledger).check()

    assert "r1" not in str(raised.value).replace("small", "")
    vault_on(ledger).of("other").keep(in_seconds(3600))
    opened(described(auth=ROTATING), tokens=vault_on(ledger).of("other")).check()
    # A person consents again.
    office.refresh = "r9"
    again = Token(access=SecretStr(office.access), refresh=SecretStr("r9"))
    connected(ledger, again)
    channel(ledger).check()


def test_a_first_refresh_token_in_the_settings_is_taken_anew_once_it_is_another_one(
    ledger: Ledger, office: Office
) -> None:
    channel(ledger, refresh_token="r1").check()
    assert stored(ledger) == ("a2", "r2")
    # The same settings again: what the store has is the newer one.
    channel(ledger, refresh_token="r1").check()
    assert office.renewals == 1

    office.refresh = "fresh"
    channel(ledger, refresh_token="fresh").check()

    assert (office.renewals, stored(ledger)[1]) == (2, "r3")


def test_while_a_stopped_workers_renewal_still_counts_the_old_token_serves(
    ledger: Ledger, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncworker.sync.vault.PATIENCE_S", 0.0)
    connected(ledger, in_seconds(30))
    claimed_by_a_dead_worker(ledger)
    channel(ledger).check()
    assert office.renewals == 0

    connected(ledger, in_seconds(-1))
    claimed_by_a_dead_worker(ledger)
    with pytest.raises(RetryLaterError, match="another worker"):
        channel(ledger).check()
