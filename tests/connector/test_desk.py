"""The token in force: renewed in time, once for all workers, and used to its end while a renewal fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from syncworker.connector import (
    ChannelError,
    ChannelMisconfiguredError,
    KeptToken,
    OutcomeUnknownError,
    RetryLaterError,
    Token,
    TokenDesk,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def token(name: str, *, ends: datetime | None = NOW + HOUR, refresh: str | None = "refresh") -> Token:
    return Token(
        access=SecretStr(name),
        refresh=None if refresh is None else SecretStr(refresh),
        expires_at=ends,
        facts={"shop": "7"},
    )


class Office:
    """Gives the next token, or fails as told."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.asked: list[Token] = []

    def refreshed(self, spent: Token) -> Token:
        self.asked.append(spent)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        return replace(spent, access=SecretStr(f"new-{len(self.asked)}"), expires_at=NOW + 5 * HOUR)


class Desk(TokenDesk):
    """A desk whose clock is set by hand."""

    def __init__(self, office: Office, store: KeptToken) -> None:
        self.now = NOW
        super().__init__("toko", store, office.refreshed, renew_before=HOUR / 4, clock=self._seconds)

    def _seconds(self) -> float:
        return self.now.timestamp()


def test_a_token_is_renewed_before_it_ends_and_not_sooner() -> None:
    office = Office()
    desk = Desk(office, KeptToken(token("old")))

    first = desk.in_force()
    desk.now += HOUR * 0.8
    second = desk.in_force()

    assert first.access == SecretStr("old")
    assert second.access == SecretStr("new-1")
    assert len(office.asked) == 1


@pytest.mark.parametrize(
    "failure",
    [
        ChannelMisconfiguredError("invalid refresh_token"),
        RetryLaterError("busy"),
        OutcomeUnknownError("lost"),
    ],
)
def test_a_renewal_that_fails_stops_nothing_while_the_old_token_holds(failure: ChannelError) -> None:
    office = Office(failure, failure, failure)
    desk = Desk(office, KeptToken(token("old")))
    desk.now += HOUR * 0.8

    for _ in range(5):
        assert desk.in_force().access == SecretStr("old")
    tried = len(office.asked)
    desk.now += timedelta(minutes=2)
    assert desk.in_force().access == SecretStr("old")

    assert (tried, len(office.asked)) == (1, 2)
    desk.now = NOW + HOUR
    with pytest.raises((ChannelMisconfiguredError, RetryLaterError)):
        desk.in_force()


def test_a_token_that_ends_soon_after_a_failed_renewal_is_still_asked_for_at_its_end() -> None:
    office = Office(RetryLaterError("busy"))
    desk = Desk(office, KeptToken(token("old")))
    desk.now = NOW + HOUR - timedelta(seconds=5)
    desk.in_force()

    desk.now = NOW + HOUR

    assert desk.in_force().access == SecretStr("new-2")


def test_a_token_that_the_channel_calls_too_old_is_renewed_once() -> None:
    office = Office()
    desk = Desk(office, KeptToken(token("old", ends=None)))
    desk.in_force()

    assert desk.renew()
    assert desk.in_force().access == SecretStr("new-1")
    assert len(office.asked) == 1


def test_what_another_worker_renewed_meanwhile_is_taken_and_nothing_spent() -> None:
    office, store = Office(), KeptToken(token("old"))
    desk = Desk(office, store)
    desk.in_force()
    store._token = token("theirs")

    assert desk.was_replaced()
    assert desk.renew()
    assert desk.in_force().access == SecretStr("theirs")
    assert office.asked == []


class Gone(KeptToken):
    """A store whose token is gone, or sealed with a key that nobody has any more."""

    problem: ChannelMisconfiguredError | None = None

    def current(self) -> Token | None:
        if self.problem is not None:
            raise self.problem
        return super().current()


@pytest.mark.parametrize("problem", [None, ChannelMisconfiguredError("stored under another key")])
def test_a_token_that_is_gone_was_not_replaced_and_the_answer_that_asks_is_judged_all_the_same(
    problem: ChannelMisconfiguredError | None,
) -> None:
    """The request has left: an error here would call it unsent."""
    store = Gone(token("old"))
    desk = Desk(Office(), store)
    desk.in_force()

    store._token, store.problem = None, problem

    assert desk.was_replaced() is False


def test_nothing_was_replaced_before_a_first_request() -> None:
    assert Desk(Office(), KeptToken(token("old"))).was_replaced() is False


def test_without_a_refresh_token_there_is_nothing_to_renew_and_the_token_is_used_as_it_is() -> None:
    office = Office()
    desk = Desk(office, KeptToken(token("old", refresh=None, ends=NOW - HOUR)))

    assert desk.in_force().access == SecretStr("old")
    assert desk.renew() is False
    assert office.asked == []


def test_a_refusal_of_the_renewal_after_a_refused_request_asks_for_a_person() -> None:
    desk = Desk(Office(ChannelMisconfiguredError("spent")), KeptToken(token("old")))
    desk.in_force()

    with pytest.raises(ChannelMisconfiguredError):
        desk.renew()


def test_an_account_that_nobody_connected_says_how() -> None:
    desk = Desk(Office(), KeptToken())

    assert desk.fact("shop") is None
    with pytest.raises(ChannelMisconfiguredError, match="channel connect toko"):
        desk.in_force()
