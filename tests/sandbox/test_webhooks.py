"""Do pretend shops call as the real ones do: signed in their own way, doubled, late, lost and forged when told to?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from syncworker.connector import HearsWebhooks, KeptToken, Token, WebhookRefusedError
from syncworker.connector.registry import load, validate
from syncworker.sandbox.dialects import DIALECTS
from syncworker.sandbox.dialects.callings import CALLINGS
from syncworker.sandbox.dialects.shopee_ids import PARTNER_ID, shop_id
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ControlError
from syncworker.sandbox.setup import ShopSetup
from tests.sandbox.ears import Ear, listening

KINDS = sorted(CALLINGS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    seeds = (ListingSeed(sku="BIN", title="Bin", price="85000", quantity=500),)
    setups = [
        ShopSetup(profile=ShopProfile(name=name), token=f"token-{name}", dialect=name, listings=seeds)
        for name in (*KINDS, "medusa")
    ]
    with start_sandbox(setups) as running:
        yield running


@pytest.fixture
def ear(sandbox: Sandbox) -> Iterator[Ear]:
    with listening() as opened:
        yield opened
        for shop in sandbox.shops.values():
            shop.control.call_at(None)
            shop.control.clear_faults()


def channel_of(sandbox: Sandbox, kind: str) -> HearsWebhooks:
    """The connector's own channel of that shop."""
    base_url = sandbox.shops[kind].base_url
    common: dict[str, object] = {"base_url": base_url, "allow_private_network": True}
    own: dict[str, dict[str, object]] = {
        "marketplace": {"token": f"token-{kind}", "webhook_secret": f"webhook-{kind}"},
        "woocommerce": {
            "key": f"key-{kind}",
            "secret": f"secret-{kind}",
            "webhook_secret": f"webhook-{kind}",
        },
        "tiktok": {
            "app_key": f"key-{kind}",
            "app_secret": f"secret-{kind}",
            "auth_url": base_url,
            "consent_url": base_url,
        },
        "shopify": {"shop": kind, "client_id": f"key-{kind}", "client_secret": f"secret-{kind}"},
        "shopee": {"partner_id": PARTNER_ID, "partner_key": f"secret-{kind}"},
    }
    facts = {"shop_id": str(shop_id(kind)) if kind == "shopee" else "7490000000000000001"}
    connector = load(kind)
    token = KeptToken(Token(access=SecretStr(f"token-{kind}"), facts=facts))
    channel = connector.open(kind, validate(connector, common | own[kind]), token)
    assert isinstance(channel, HearsWebhooks)
    return channel


@pytest.mark.parametrize("kind", KINDS)
def test_a_sale_is_told_at_once_and_is_believed(sandbox: Sandbox, ear: Ear, kind: str) -> None:
    control = sandbox.shops[kind].control
    control.call_at(ear.url)

    order_id = control.buy("BIN", 1)["order_id"]
    (call,) = ear.hears(1)

    assert channel_of(sandbox, kind).hint(call)
    (sent,) = control.calls() or [{}]
    assert (sent["order_id"], sent["forged"], sent["status"]) == (order_id, False, 200)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_call_is_refused(sandbox: Sandbox, ear: Ear, kind: str) -> None:
    control = sandbox.shops[kind].control
    control.call_at(ear.url)
    control.order_faults({"kind": "call_forged", "count": 1})

    control.buy("BIN", 1)
    (call,) = ear.hears(1)

    with pytest.raises(WebhookRefusedError):
        channel_of(sandbox, kind).hint(call)


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_that_was_changed_on_its_way_is_refused(sandbox: Sandbox, ear: Ear, kind: str) -> None:
    control = sandbox.shops[kind].control
    control.call_at(ear.url)
    control.buy("BIN", 1)
    (call,) = ear.hears(1)
    changed = type(call)(
        url=call.url, headers=call.headers, body=call.body + b" ", received_at=call.received_at
    )

    with pytest.raises(WebhookRefusedError):
        channel_of(sandbox, kind).hint(changed)


def test_an_old_call_of_the_projects_own_contract_is_refused(sandbox: Sandbox, ear: Ear) -> None:
    control = sandbox.shops["marketplace"].control
    control.call_at(ear.url)
    control.buy("BIN", 1)
    (call,) = ear.hears(1)
    later = type(call)(
        url=call.url,
        headers=call.headers,
        body=call.body,
        received_at=call.received_at + timedelta(minutes=10),
    )

    with pytest.raises(WebhookRefusedError, match="too old"):
        channel_of(sandbox, "marketplace").hint(later)


def test_calls_come_twice_late_or_never_as_told(sandbox: Sandbox, ear: Ear) -> None:
    control = sandbox.shops["tiktok"].control
    control.call_at(ear.url)
    control.order_faults(
        {"kind": "call_lost", "count": 1},
        {"kind": "call_twice", "count": 1},
    )

    control.buy("BIN", 1)
    control.buy("BIN", 1)
    twice = [call.body for call in ear.hears(2)]
    control.order_faults({"kind": "call_late", "count": 1, "seconds": 0.4})
    late = str(control.buy("BIN", 1)["order_id"])
    prompt = str(control.buy("BIN", 1)["order_id"])
    ear.hears(4)

    assert twice[0] == twice[1]
    assert [one["order_id"] for one in control.calls()][-2:] == [prompt, late]
    assert len(ear.heard) == 4


def test_every_change_of_an_order_is_told(sandbox: Sandbox, ear: Ear) -> None:
    control = sandbox.shops["shopify"].control
    control.call_at(ear.url)

    order_id = str(control.buy("BIN", 2)["order_id"])
    control.cancel(order_id, quantity=1)
    control.ship(order_id)

    ear.hears(3)
    assert [one["order_id"] for one in control.calls()] == [order_id] * 3


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("tiktok", "http://example.org:80/x"),
        ("tiktok", "https://127.0.0.1:443/x"),
        ("tiktok", "http://127.0.0.1/x"),
        ("medusa", "http://127.0.0.1:9/x"),
    ],
)
def test_only_this_machine_is_called_and_only_by_those_that_call(
    sandbox: Sandbox, kind: str, url: str
) -> None:
    with pytest.raises(ControlError):
        sandbox.shops[kind].control.call_at(url)


def test_a_setup_may_name_the_address(ear: Ear) -> None:
    setup = ShopSetup(
        profile=ShopProfile(name="toko"),
        token="t",
        listings=(ListingSeed(sku="BIN", quantity=1),),
        webhook_url=ear.url,
    )
    with start_sandbox([setup]) as running:
        running.shops["toko"].control.buy("BIN", 1)
        ear.hears(1)


def test_each_kind_that_calls_is_one_that_there_is() -> None:
    assert set(CALLINGS) <= set(DIALECTS)
