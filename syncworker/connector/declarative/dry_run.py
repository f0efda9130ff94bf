"""Would a manifest work? Opened with made-up settings, its requests filled in, its mapping tried on recorded answers.

Nothing is sent, and nothing is believed that a sample does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import ValidationError

from syncworker.connector.answers import Answer
from syncworker.connector.auth import KeptToken
from syncworker.connector.declarative.account import Account, DeclaredSettings, dry_value, settings_model
from syncworker.connector.declarative.channel import DeclaredChannel, capabilities_of, channel_class
from syncworker.connector.declarative.feeds import enabled
from syncworker.connector.declarative.loaded import LoadedManifest
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.names import problems_with_names
from syncworker.connector.declarative.operations import ListingSpec, PushRoute, ReadRoute, ResultSpec
from syncworker.connector.declarative.trial import Trial
from syncworker.errors import ChannelError, MalformedAnswerError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class NoWire:
    """Sends nothing: a sample that needs another call cannot be tried."""

    def request_json(self, method: str, path: str, **_: object) -> Answer:
        """Never an answer."""
        raise MalformedAnswerError(f"{method} {path} is not sent in a dry run")

    def request_text(self, method: str, path: str, **_: object) -> Answer:
        """Never an answer."""
        raise MalformedAnswerError(f"{method} {path} is not sent in a dry run")

    def redact(self, text: str) -> str:
        """There are no secrets."""
        return text


def problems_of(loaded: LoadedManifest) -> list[str]:
    """Every mistake that shows without a channel, each with its key."""
    manifest = loaded.manifest
    problems = [*problems_with_names(manifest), *_pitfalls(manifest)]
    if problems:
        return problems
    try:
        settings = dry_settings(manifest)
    except (ValidationError, re.error) as error:
        return [f"settings: {error}"]
    problems += _varied(manifest, settings)
    if problems:
        return problems
    try:
        channel = channel_class(manifest)(
            manifest, manifest.name, settings, KeptToken(), wire=lambda _base: NoWire(), now=lambda: NOON
        )
    except (ChannelError, ValueError) as error:
        return [str(error)]
    return [*problems, *_unsampled(manifest, settings), *_tried(loaded, channel)]


def dry_settings(manifest: Manifest) -> DeclaredSettings:
    """Settings that nobody has told."""
    model = settings_model(manifest.name, manifest.settings)
    return model.model_validate({name: dry_value(name, spec) for name, spec in manifest.settings.items()})


def _varied(manifest: Manifest, settings: DeclaredSettings) -> Iterator[str]:
    """Capabilities have to make sense with each choice of each setting."""
    raw = {name: dry_value(name, spec) for name, spec in manifest.settings.items()}
    variants: list[dict[str, object]] = [raw]
    for name, spec in manifest.settings.items():
        variants += ({**raw, name: choice} for choice in spec.choices)
        variants += ({**raw, name: flag} for flag in (True, False) if spec.type == "flag")
    for variant in variants:
        try:
            capabilities_of(manifest, Account.of(type(settings).model_validate(variant)))
        except (ChannelError, ValueError) as error:
            changed = {name: value for name, value in variant.items() if raw[name] != value}
            yield f"{error}" + (f" (with {changed})" if changed else "")
            return


# ---------------------------------------------------------------- what goes wrong silently


def _pitfalls(manifest: Manifest) -> Iterator[str]:
    yield from _sums(manifest)
    yield from _bare_amounts(manifest)
    for key, route in (*_read_routes(manifest), *_push_routes(manifest)):
        yield from _batch_problems(key, route, manifest)
    for key, push in _push_routes(manifest):
        yield from _result_problems(f"{key}.result", push.result, manifest)
    yield from _broken_patterns(manifest)


def _sums(manifest: Manifest) -> Iterator[str]:
    """A number that is 0 where nothing is told of it."""
    for key, spec in (("listings.listing", manifest.listings.listing), *_read_routes(manifest)):
        for name, field in (("quantity", spec.quantity), ("reserved", spec.reserved)):
            if field is not None and re.search(r"\bsum\(", field.path.text):
                yield f"{key}.{name}: sum() of no rows is 0, and unknown is never 0; write total()"


def _bare_amounts(manifest: Manifest) -> Iterator[str]:
    """A price without a currency."""
    feeds = ((f"feeds[{n}].order", feed.order) for n, feed in enumerate(manifest.feeds))
    for place, order in (("order", manifest.order), *feeds):
        if order is None or order.currency is not None or order.lines.price is None:
            continue
        if order.lines.price.type != "money":
            yield f"{place}.lines.price: is an amount, so order.currency has to say of what"


def _broken_patterns(manifest: Manifest) -> Iterator[str]:
    for number, rule in enumerate(manifest.errors.rules):
        try:
            re.compile(rule.message or "")
        except re.error as error:
            yield f"errors.rules[{number}].message: is no regular expression: {error}"


def _read_routes(manifest: Manifest) -> list[tuple[str, ReadRoute | ListingSpec]]:
    if manifest.read is None:
        return []
    routes: list[tuple[str, ReadRoute | ListingSpec]] = [
        (f"read.routes[{n}]", route) for n, route in enumerate(manifest.read.routes)
    ]
    return [*routes, ("read", manifest.read)]


def _push_routes(manifest: Manifest) -> list[tuple[str, PushRoute]]:
    if manifest.push is None:
        return []
    routes: list[tuple[str, PushRoute]] = [
        (f"push.routes[{n}]", route) for n, route in enumerate(manifest.push.routes)
    ]
    return [*routes, ("push", manifest.push)]


def _batch_problems(key: str, route: object, manifest: Manifest) -> Iterator[str]:
    if not isinstance(route, ReadRoute | PushRoute):
        return
    group = route.batch.group_by
    if group is not None and group not in manifest.key_parts:
        yield f"{key}.batch.group_by: {group} is no part of the key; there are {', '.join(manifest.key_parts) or 'none'}"
    if isinstance(route, ReadRoute) and route.of not in {"pool", *manifest.key_parts}:
        yield f"{key}.of: {route.of} is no part of the key; there are pool, {', '.join(manifest.key_parts)}"
    if isinstance(route, PushRoute) and route.request.method == "GET":
        yield f"{key}.request.method: expected POST, PUT or PATCH for what has an effect"


def _result_problems(key: str, result: ResultSpec | None, manifest: Manifest) -> Iterator[str]:
    if result is not None and result.of not in {"pool", *manifest.key_parts}:
        yield f"{key}.of: {result.of} is no part of the key; there are pool, {', '.join(manifest.key_parts)}"


# ---------------------------------------------------------------- samples


def _unsampled(manifest: Manifest, settings: DeclaredSettings) -> Iterator[str]:
    told = {sample.of for sample in manifest.samples}
    wanted = ["check", "listings"]
    wanted += [name for name in ("read", "push", "publish") if getattr(manifest, name) is not None]
    wanted += [feed.name for feed in enabled(manifest, Account.of(settings)) if feed.like is None]
    wanted += [f"{feed.name}.expand" for feed in manifest.feeds if feed.expand is not None]
    for name in wanted:
        if name not in told:
            yield f'samples: {name} has none; expected [[samples]] with of = "{name}" and a recorded answer'


def _tried(loaded: LoadedManifest, channel: DeclaredChannel) -> Iterator[str]:
    trial = Trial(loaded.manifest, channel)
    for number, sample in enumerate(loaded.manifest.samples):
        where = f"samples[{number}] ({sample.of})"
        if sample.file is not None and sample.file not in loaded.samples:
            continue
        text = sample.answer if sample.answer is not None else loaded.samples[sample.file or ""]
        try:
            rows = trial.rows(sample, text)
        except ChannelError as error:
            yield f"{where}: {error}"
            continue
        if rows is None:
            yield f"{where}.of: {sample.of} is nothing that is sampled; there are {', '.join(trial.names)}"
        elif sample.rows is not None and rows != sample.rows:
            yield f"{where}: {rows} rows came out, expected {sample.rows}"
    yield from trial.fill_requests()
