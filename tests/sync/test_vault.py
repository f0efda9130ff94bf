"""Tokens of connected accounts: sealed in the ledger, renewed once for all workers, never lost between two steps."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet, MultiFernet
from pydantic import SecretStr

from syncworker.connector import Token
from syncworker.errors import ChannelMisconfiguredError, RetryLaterError
from syncworker.ledger import Ledger, ManualClock
from syncworker.ledger import incidents as incident_rows
from syncworker.ledger import tokens as token_rows
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.schema import token as token_table
from syncworker.sync import vault as vault_room
from syncworker.sync.vault import RENEWAL_S, Vault, review_tokens
from tests.ledger.conftest import rows_of

KEY = Fernet.generate_key()
SOON = datetime(2026, 1, 1, 4, tzinfo=UTC)
LATER = datetime(2026, 12, 1, tzinfo=UTC)


def vault_on(ledger: Ledger, *keys: bytes) -> Vault:
    return Vault(ledger, lambda: MultiFernet([Fernet(key) for key in keys or (KEY,)]))


def token(number: int, *, ends: datetime | None = LATER) -> Token:
    return Token(
        access=SecretStr(f"access-{number}"),
        refresh=SecretStr(f"refresh-{number}"),
        expires_at=SOON,
        refresh_expires_at=ends,
        facts={"shop_id": "7"},
    )


def following(spent: Token) -> Token:
    return token(int(spent.access.get_secret_value().split("-")[1]) + 1)


def expiring(ledger: Ledger) -> list[str]:
    with ledger.snapshot() as tx:
        return [one.subject for one in incident_rows.open_incidents(tx) if one.kind is IncidentKind.EXPIRING]


def test_a_token_comes_back_as_it_was_kept(ledger: Ledger) -> None:
    tokens = vault_on(ledger).of("tiktok")
    assert tokens.current() is None

    tokens.keep(token(1))

    assert vault_on(ledger).of("tiktok").current() == token(1)
    assert vault_on(ledger).of("shopee").current() is None


def test_the_ledger_alone_tells_nothing_of_it(ledger: Ledger) -> None:
    vault_on(ledger).of("tiktok").keep(token(1))

    assert "access-1" not in str(rows_of(ledger, token_table))
    assert "refresh-1" not in str(rows_of(ledger, token_table))


def test_a_token_under_a_key_that_is_gone_says_what_to_do(ledger: Ledger) -> None:
    vault_on(ledger).of("tiktok").keep(token(1))

    with pytest.raises(ChannelMisconfiguredError, match=r"another key.*channel connect tiktok"):
        vault_on(ledger, Fernet.generate_key()).of("tiktok").current()


def test_keys_can_be_rotated(ledger: Ledger) -> None:
    vault_on(ledger).of("tiktok").keep(token(1))
    new = Fernet.generate_key()

    both = vault_on(ledger, new, KEY).of("tiktok")
    assert both.renew(token(1), following) == token(2)

    assert vault_on(ledger, new).of("tiktok").current() == token(2)


def test_many_workers_renew_once(sqlite_ledger: Ledger) -> None:
    vault_on(sqlite_ledger).of("tiktok").keep(token(1))
    _renewed_by_many(sqlite_ledger)


def test_many_workers_renew_once_on_postgresql(postgres_ledger: Ledger) -> None:
    vault_on(postgres_ledger).of("tiktok").keep(token(1))
    _renewed_by_many(postgres_ledger)


def _renewed_by_many(ledger: Ledger) -> None:
    asked: list[Token] = []
    together = threading.Barrier(6)

    def refresh(spent: Token) -> Token:
        asked.append(spent)
        return following(spent)

    def worker() -> Token:
        together.wait()
        return vault_on(ledger).of("tiktok").renew(token(1), refresh)

    with ThreadPoolExecutor(6) as pool:
        got = [future.result() for future in [pool.submit(worker) for _ in range(6)]]

    assert asked == [token(1)]
    assert got == [token(2)] * 6


def test_who_comes_with_an_old_token_gets_the_one_in_force(ledger: Ledger) -> None:
    tokens = vault_on(ledger).of("tiktok")
    tokens.keep(token(2))

    assert tokens.renew(token(1), lambda _: pytest.fail("renewed again")) == token(2)


def test_a_new_token_is_stored_before_anybody_has_it(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = vault_on(ledger).of("tiktok")
    tokens.keep(token(1))
    monkeypatch.setattr(token_rows, "save", _fail)

    with pytest.raises(OSError, match="disk"):
        tokens.renew(token(1), following)


def _fail(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


def test_a_failed_renewal_lets_the_next_worker_try(ledger: Ledger) -> None:
    tokens = vault_on(ledger).of("tiktok")
    tokens.keep(token(1))

    def refused(_: Token) -> Token:
        raise ChannelMisconfiguredError("the refresh token is not valid")

    with pytest.raises(ChannelMisconfiguredError, match="not valid"):
        tokens.renew(token(1), refused)

    assert tokens.renew(token(1), following) == token(2)


def test_a_worker_that_died_while_renewing_holds_others_up_for_a_minute_only(
    manual_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = vault_on(manual_ledger).of("tiktok")
    tokens.keep(token(1))
    monkeypatch.setattr(vault_room, "PATIENCE_S", 0.0)
    manual_ledger.run(lambda tx: token_rows.claim_renewal(tx, "tiktok", 1, lease="dead", for_s=RENEWAL_S))

    with pytest.raises(RetryLaterError, match="another worker"):
        tokens.renew(token(1), following)
    _clock(manual_ledger).advance(timedelta(seconds=RENEWAL_S))

    assert tokens.renew(token(1), following) == token(2)


def test_a_consent_that_ends_soon_is_told_until_it_is_renewed(manual_ledger: Ledger) -> None:
    tokens = vault_on(manual_ledger).of("tiktok")
    ends = _clock(manual_ledger).time + timedelta(days=10)
    tokens.keep(token(1, ends=ends))
    manual_ledger.run(review_tokens)
    assert expiring(manual_ledger) == []

    _clock(manual_ledger).advance(timedelta(days=4))
    manual_ledger.run(review_tokens)
    assert expiring(manual_ledger) == ["channel/tiktok"]

    tokens.keep(token(2, ends=LATER))
    assert expiring(manual_ledger) == []


def _clock(ledger: Ledger) -> ManualClock:
    assert isinstance(ledger.clock, ManualClock)
    return ledger.clock


def test_an_account_that_was_connected_again_during_a_renewal_keeps_its_new_token(ledger: Ledger) -> None:
    """What a person consented to is newer than what the old consent still gives."""
    tokens = vault_on(ledger).of("tiktok")
    tokens.keep(token(1))

    def refresh(spent: Token) -> Token:
        tokens.keep(token(7))
        return following(spent)

    assert tokens.renew(token(1), refresh) == token(7)
    assert tokens.current() == token(7)
