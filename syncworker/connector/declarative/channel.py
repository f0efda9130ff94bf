"""How does the engine reach a channel that a manifest describes? The contract's methods, each by its table.

Never decides a number, keeps no state of the goods, repeats no write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from syncworker.connector.abilities import ListingUpdate, WebhookRequest
from syncworker.connector.answers import Json, Verdict
from syncworker.connector.auth import TokenStore
from syncworker.connector.contract import (
    Capabilities,
    ChannelCheck,
    ListingDraft,
    ListingPage,
    OrderPage,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
)
from syncworker.connector.declarative.account import Account, address_problem
from syncworker.connector.declarative.authorizers import authorizer
from syncworker.connector.declarative.caller import Caller, Wire
from syncworker.connector.declarative.checking import Checking
from syncworker.connector.declarative.feeds import Feed, enabled
from syncworker.connector.declarative.keys import Keys, batch_max
from syncworker.connector.declarative.listings import Listings, Readings
from syncworker.connector.declarative.manifest import CapabilitiesSpec, Manifest
from syncworker.connector.declarative.publishing import Publishing
from syncworker.connector.declarative.pushes import Pushes
from syncworker.connector.declarative.selling import OrderCalls, Updating
from syncworker.connector.declarative.webhooks import Webhooks
from syncworker.connector.http import ChannelHttp
from syncworker.errors import ChannelMisconfiguredError, ListingRejectedError


class DeclaredChannel:
    """One account. What else it can do, by its manifest, are the classes below."""

    def __init__(
        self,
        manifest: Manifest,
        name: str,
        settings: BaseModel,
        tokens: TokenStore,
        *,
        wire: Callable[[str], Wire] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``wire`` makes something else than ``ChannelHttp`` of the base address, and ``now`` is another clock: for tests."""
        account = Account.of(settings)
        base_url = account.text(manifest.base_url)
        self.manifest, self._account = manifest, account
        self._capabilities = capabilities_of(manifest, account)
        made = (
            wire(base_url)
            if wire is not None
            else open_wire(manifest, name, account, tokens, self._capabilities)
        )
        self.caller = Caller(manifest, account, made, name=name)
        keys, rules = Keys(manifest), self._capabilities.rules()
        self.checking = Checking(manifest.check, self.caller)
        self.listings = Listings(manifest, self.caller, base_url)
        self.feeds = {
            spec.name: Feed(spec, manifest, self.caller, base_url, now=now) for spec in manifest.feeds
        }
        self.readings = (
            None if manifest.read is None else Readings(manifest.read, self.caller, keys, rules.kind)
        )
        self.pushes = None if manifest.push is None else Pushes(manifest.push, self.caller, keys, rules.mode)
        self.publishing = (
            None
            if manifest.publish is None
            else Publishing(manifest.publish, manifest, self.caller, self.listings, base_url)
        )
        self._updates = Updating(manifest.updates, manifest, self.caller, keys, self.listings)
        self._cancel = None if manifest.cancel is None else OrderCalls(manifest.cancel, self.caller)
        self._acknowledge = (
            None if manifest.acknowledge is None else OrderCalls(manifest.acknowledge, self.caller)
        )
        self._webhooks = None if manifest.webhook is None else Webhooks(manifest.webhook, account)

    def capabilities(self) -> Capabilities:
        """What manifest and settings declare."""
        return self._capabilities

    def check(self) -> ChannelCheck:
        """Ask the channel who we are."""
        return self.checking.ask()

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        """One page of a feed."""
        return self.feeds[feed].page(since, cursor)

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        """One page of everything listed."""
        return self.listings.page(cursor)

    def goes_with(self, pool_key: str) -> str:
        """What its request is for: the route, and the part of the key that the route groups by."""
        return "" if self.pushes is None else self.pushes.group(pool_key)

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """In as few calls as the channel takes. A push of a kind that it does not take is refused without a call."""
        if self.pushes is None:
            raise ChannelMisconfiguredError(f"{self.manifest.name}: this channel takes no quantities")
        return self.pushes.send(pushes)

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        """The channel's numbers; nothing where they cannot be read."""
        return () if self.readings is None or not pool_keys else self.readings.read(pool_keys)

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """List it with 0, or find the listing that stands for the SKU already."""
        if self.publishing is None:
            raise ListingRejectedError(
                f"{draft.sku}: nothing can be listed here; list it at the channel, then link it",
                sku=draft.sku,
            )
        return self.publishing.publish(draft)


class _Updates(DeclaredChannel):
    def update_listing(self, update: ListingUpdate) -> RemoteListing:
        """Change what the update names."""
        return self._updates.update(update)


class _Cancels(DeclaredChannel):
    def cancel_order(self, external_id: str, *, reason: str) -> None:
        """Ask for it; the cancellation counts once a feed tells it."""
        if self._cancel is not None:
            self._cancel.send([external_id], reason=reason)


class _Acknowledges(DeclaredChannel):
    def acknowledge_orders(self, external_ids: tuple[str, ...]) -> None:
        """Say that they are recorded."""
        if self._acknowledge is not None:
            self._acknowledge.send(external_ids)


class _Hears(DeclaredChannel):
    def hint(self, request: WebhookRequest) -> bool:
        """Whether orders may have changed."""
        return self._webhooks is not None and self._webhooks.hint(request)


def channel_class(manifest: Manifest) -> type[DeclaredChannel]:
    """The class whose methods are what the manifest describes, and no others: the engine asks for the method itself."""
    wanted = (
        (_Updates, bool(manifest.updates)),
        (_Cancels, manifest.cancel is not None),
        (_Acknowledges, manifest.acknowledge is not None),
        (_Hears, manifest.webhook is not None),
    )
    bases = tuple(kind for kind, has in wanted if has)
    return type("DeclaredChannel", bases, {}) if bases else DeclaredChannel


def open_wire(
    manifest: Manifest, name: str, account: Account, tokens: TokenStore, capabilities: Capabilities
) -> ChannelHttp:
    """The HTTP side of one account; needs no network."""
    base_url, private = account.text(manifest.base_url), account.values["allow_private_network"] is True
    problem = address_problem(base_url, private=private)
    if problem is not None:
        raise ChannelMisconfiguredError(f"base_url {problem}")
    limits = account.values["rate_limits"]
    own = [] if manifest.pace is None else list(manifest.pace.allowances(account.values))
    if manifest.rate is not None and manifest.rate.concurrency is not None:
        own.append(f"{manifest.rate.concurrency} at once")
    return ChannelHttp(
        name,
        base_url,
        headers={
            key: SecretStr(str(one.bind(account.values)({})))
            if isinstance(one.value, str) and account.is_secret(one.value)
            else str(one.bind(account.values)({}))
            for key, one in manifest.headers.items()
        },
        secrets=[SecretStr(str(account.values[key])) for key in account.secrets if account.values[key]],
        allow_private_network=private,
        horizon_s=capabilities.rules().horizon_s,
        timeout_s=manifest.timeout_s,
        statuses={int(key): Verdict(word) for key, word in manifest.statuses.items()},
        allowances=[*own, *(str(one) for one in (limits if isinstance(limits, list) else []))],
        authorizer=authorizer(manifest.auth, account, tokens, name=name, base_url=base_url, private=private),
    )


def capabilities_of(manifest: Manifest, account: Account) -> Capabilities:
    """The declared facts, with the settings they depend on; ``ChannelMisconfiguredError`` for nonsense."""
    told = _told(manifest.capabilities, account)
    if told.get("batch_max") is None and manifest.push is not None:
        told["batch_max"] = batch_max(manifest.push.batch, account)
    feeds = tuple(spec.name for spec in enabled(manifest, account))
    told |= {"feeds": feeds, "publishes": _publishes(manifest, account)}
    told["listing_fields"] = tuple(sorted({field for spec in manifest.updates for field in spec.fields}))
    try:
        return _CAPABILITIES.validate_python(told)
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    raise ChannelMisconfiguredError(f"{manifest.name}: capabilities: {'; '.join(wrong)}")


def _publishes(manifest: Manifest, account: Account) -> bool:
    needed = None if manifest.publish is None else manifest.publish.settings
    return needed is not None and all(account.values.get(name) is not None for name in needed)


_CAPABILITIES = TypeAdapter(Capabilities)


def _told(spec: CapabilitiesSpec, account: Account) -> dict[str, object]:
    facts: dict[str, Json] = {"cfg": account.open_values}
    told: dict[str, object] = {}
    for name in CapabilitiesSpec.model_fields:
        template = getattr(spec, name)
        value = None if template is None else template.bind(account.open_values)(facts)
        if value is not None:
            told[name] = value
    return told
