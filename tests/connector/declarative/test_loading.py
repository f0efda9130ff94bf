"""Is every mistake of a manifest named, with its key and what was expected?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomlkit

from syncworker.connector.declarative import load_manifest, parse_manifest
from syncworker.errors import ConfigurationError
from syncworker_marketplace import SHIPPED, shipped
from tests.connector.declarative.shops import LISTING, ORDER, described, loaded, sample


def problems(manifest: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as raised:
        loaded(manifest)
    assert all(problem.startswith("small.toml: ") for problem in raised.value.problems)
    return "\n".join(raised.value.problems)


def test_a_sound_manifest_has_none() -> None:
    assert loaded(described()).manifest.name == "small"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_manifest_is_sound(name: str) -> None:
    assert shipped(name).name == name


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"colour": "red"}, "colour: is unknown; there are"),
        ({"push__request__paht": "/x"}, "push.request.paht: is unknown"),
        ({"order__lines__ordered": ...}, "order.lines.ordered: is missing"),
        ({"order__id": "a["}, "order.id.path: is no JMESPath"),
        ({"order__id": "lenght(a)"}, "order.id.path: calls lenght(); there are"),
        ({"capabilities__kind": "avialable"}, "capabilities: kind:"),
        ({"capabilities__kind": ...}, "capabilities.kind: is missing"),
        ({"capabilities__floor": "${flor}"}, "capabilities.floor: ${flor} is no setting"),
        ({"capabilities__floor": "=cfg.flor"}, "cfg.flor is no setting"),
        ({"push__request__path": "/n/{pol}"}, "push.request.path: {pol} is not known here"),
        ({"push__request__body": {"items": "=items[].{pool: pol}"}}, "an item has no pol"),
        ({"push__request__body": {"items": "=itms"}}, "itms is not known here"),
        ({"order__ours": "lines[?seller == cfg.token]"}, "a filter sees only its own element"),
        ({"push__request__body": {"t": "='${token}'"}}, "an expression sees no secret"),
        ({"push__result__ok": ...}, "push.result: needs ok"),
        ({"push__result": ...}, "push: needs either result or job"),
        ({"push__replaces_object": True}, "may not send a quantity"),
        ({"push__batch": {"group_by": "parent"}}, "push.batch.group_by: parent is no part of the key"),
        ({"push__request__method": "GET"}, "push.request.method: expected POST"),
        ({"feeds__0__paginate": {"style": "pages"}}, "feeds[0].paginate"),
        ({"feeds__0__paginate": {"style": "page"}}, "to know the last page"),
        ({"order__statuses__shipped": ["new"]}, "stands in two lists: new"),
        ({"order__lines__price": "price"}, "order.currency has to say of what"),
        ({"listings__listing__quantity": "sum(levels[].n)"}, "listings.listing.quantity: sum() of no rows is 0"),
        ({"errors": {"rules": [{"then": "retry"}]}}, "errors.rules[0]: needs a status, a code or a message"),
        ({"errors": {"rules": [{"message": "(", "then": "retry"}]}}, "is no regular expression"),
        ({"auth": {"type": "hmac", "key": "${token}", "message": "{pth}", "name": "sign"}}, "{pth} is neither computed"),
        ({"samples": []}, 'samples: orders has none; expected [[samples]] with of = "orders"'),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(changes: dict[str, Any], expected: str) -> None:
    assert expected in problems(described(**changes))


def test_all_mistakes_are_named_at_once() -> None:
    told = problems(described(colour="red", order__id="a[", capabilities__kind=...))

    assert [key in told for key in ("colour", "order.id.path", "capabilities.kind")] == [True] * 3


@pytest.mark.parametrize(
    ("of", "answer", "expected"),
    [
        ("orders", {"orders": [{**ORDER, "state": None}]}, "orders[0].state"),
        ("orders", {"orders": [{**ORDER, "lines": [{"id": 1, "listing": "L", "sku": "A"}]}]}, "orders[0].lines[0].units is missing"),
        ("orders", {"orders": [{**ORDER, "lines": [{"id": 1, "listing": "L", "sku": "A", "units": "2"}]}]}, "must be a whole number"),
        ("orders", {"order": []}, "orders is missing"),
        ("listings", {"listings": [{"id": "L1", "sku": "A"}]}, "listings[0].pool is missing"),
        ("push", {"items": [{"pool": "P1", "state": "fine"}]}, "no item of it is applied or refused"),
        ("stocks", {}, "stocks is nothing that is sampled"),
    ],
)  # fmt: skip
def test_a_mapping_that_leads_to_nothing_shows_on_its_sample(of: str, answer: Any, expected: str) -> None:
    samples = [
        sample("check", {}),
        sample("orders", {"orders": [ORDER]}),
        sample("listings", {"listings": [LISTING]}),
        sample("push", {"items": [{"pool": "P1", "ok": True}]}),
    ]
    rest = [one for one in samples if one["of"] != of]

    told = problems(described(samples=[*rest, sample(of, answer)]))

    assert f"({of})" in told
    assert expected in told


def test_a_sample_tells_how_many_rows_have_to_come_out() -> None:
    wrong = [*described()["samples"], sample("orders", {"orders": []}, rows=1)]

    assert "0 rows came out, expected 1" in problems(described(samples=wrong))


def test_capabilities_have_to_make_sense_with_every_choice() -> None:
    choice = {"type": "choice", "choices": ["set", "sett"], "default": "set"}

    told = problems(described(settings__mode=choice, capabilities__mode="${mode}"))

    assert "with {'mode': 'sett'}" in told


def test_a_file_that_is_no_toml_or_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        parse_manifest("a = = b", "broken.toml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_manifest(tmp_path / "nowhere.toml")


def test_samples_may_stand_in_files_beside_the_manifest(tmp_path: Path) -> None:
    manifest = described(samples__0={"of": "check", "file": "check.json"})
    (tmp_path / "small.toml").write_text(tomlkit.dumps(manifest))

    with pytest.raises(ConfigurationError, match=r"samples\[0\].file: check.json cannot be read"):
        load_manifest(tmp_path / "small.toml")
    (tmp_path / "check.json").write_text("{}")

    assert load_manifest(tmp_path / "small.toml").manifest.name == "small"
