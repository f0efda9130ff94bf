"""First refresh tokens in the settings, on the real vault: each is put in once, and nobody's successor is thrown away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import responses
from requests import PreparedRequest

from syncworker.connector import Token
from syncworker.connector.declarative import DeclaredChannel
from syncworker.errors import ChannelMisconfiguredError
from syncworker.ledger import Ledger
from syncworker.sync.vault import ChannelTokens
from tests.connector.declarative.shops import URL, described, opened
from tests.sync.test_vault import vault_on

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)
LOGIN = "https://login.example/token"


class Office:
    """The channel's side: each refresh token works once, whichever first one it comes from."""

    def __init__(self) -> None:
        self.good = {"old-1", "new-1"}
        self.used: list[str] = []

    def token(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        body = request.body
        given = parse_qs(body.decode() if isinstance(body, bytes) else str(body))["refresh_token"][0]
        self.used.append(given)
        if given not in self.good:
            return 400, {}, json.dumps({"code": "invalid_grant", "message": "none, or used already"})
        first, _, number = given.rpartition("-")
        following = f"{first}-{int(number) + 1}"
        self.good = (self.good - {given}) | {following}
        told = {"access_token": f"access of {given}", "refresh_token": following, "expires_in": 1}
        return 200, {}, json.dumps(told)


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as running:
        running.add_callback("POST", LOGIN, made.token)
        running.get(f"{URL}/me", json={})
        yield made


def worker(ledger: Ledger, first: str, *, rotate: bool = True) -> DeclaredChannel:
    """As a worker opens it that has read these settings; its token has ended by each next request."""
    auth = {
        "type": "oauth2_refresh", "token_url": LOGIN, "rotate": rotate, "refresh_token": first,
        "expires_path": "expires_in", "body": {"grant_type": "refresh_token", "refresh_token": "=refresh_token"},
    }  # fmt: skip
    return opened(described(auth=auth), tokens=vault_on(ledger).of("small"))


def test_workers_with_other_first_tokens_burn_none_of_each_others(ledger: Ledger, office: Office) -> None:
    """One of them has not read the new settings yet."""
    workers = [worker(ledger, "old-1"), worker(ledger, "new-1")]

    for _ in range(3):
        for each in workers:
            each.check()

    assert office.used == ["old-1", "new-1", "new-2", "new-3", "new-4", "new-5"]


def test_who_finds_no_token_yet_replaces_none_that_came_meanwhile(
    ledger: Ledger, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = worker(ledger, "old-1"), worker(ledger, "old-1")
    real = ChannelTokens.current

    def before_the_other(tokens: ChannelTokens) -> Token | None:
        monkeypatch.setattr(ChannelTokens, "current", real)
        one.check()
        return None

    monkeypatch.setattr(ChannelTokens, "current", before_the_other)
    other.check()

    assert office.used == ["old-1", "old-2"]


@pytest.mark.parametrize("rotate", [True, False])
def test_a_first_token_that_the_channel_refuses_replaces_nothing(
    ledger: Ledger, office: Office, *, rotate: bool
) -> None:
    """Whoever puts the earlier one back, or none, goes on with what was there."""
    worker(ledger, "old-1", rotate=rotate).check()

    with pytest.raises(ChannelMisconfiguredError):
        worker(ledger, "mistyped", rotate=rotate).check()
    worker(ledger, "old-1", rotate=rotate).check()

    assert office.used == ["old-1", "mistyped", "old-2"]


def test_a_first_token_that_works_often_may_be_put_back(ledger: Ledger, office: Office) -> None:
    for first in ("old-1", "new-1"):
        worker(ledger, first, rotate=False).check()
    office.good.add("old-1")

    worker(ledger, "old-1", rotate=False).check()

    assert office.used == ["old-1", "new-1", "old-1"]
