"""Who did what, what was set in motion, and what waits for a person's word."""

from __future__ import annotations

from typing import Any

import pytest

from syncworker.ledger import channels, incidents, pools, runs
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from tests.interfaces.conftest import Shop


def _rows(document: dict[str, object], key: str) -> list[dict[str, Any]]:  # Any: as JSON has it
    rows = document[key]
    assert isinstance(rows, list)
    return rows


def _change(shop: Shop, work: Any) -> None:  # Any: whatever it gives back
    ledger = shop.ledger()
    ledger.run(work)
    ledger.close()


def test_every_command_that_changes_something_is_in_the_audit_and_no_other(stocked: Shop) -> None:
    before = _rows(stocked.json("audit", "list"), "audit")
    stocked.ok("stock", "list")
    stocked.ok("status")
    stocked.refused("stock", "adjust", "NO-SUCH", "1", "--reason", "x")
    stocked.ok("stock", "adjust", "BIN-BAMBU", "-2", "--reason", "broken", "--as", "sari")
    stocked.ok("sale", "add", "BIN-BAMBU", "--reference", "bon-1")
    stocked.ok("sale", "add", "BIN-BAMBU", "--reference", "bon-1")

    rows = _rows(stocked.json("audit", "list"), "audit")
    new = rows[: len(rows) - len(before)]

    assert [row["command"] for row in before] == ["channel add", "product import"]
    assert [row["command"] for row in new] == ["sale add", "stock adjust"]
    adjusted = new[1]
    assert (adjusted["actor"], adjusted["outcome"]) == ("sari", "done")
    assert adjusted["arguments"] == {"sku": "BIN-BAMBU", "units": -2, "reason": "broken"}


def test_the_audit_is_searched_and_paged(stocked: Shop) -> None:
    stocked.ok("stock", "adjust", "BIN-BAMBU", "-2", "--reason", "broken", "--as", "sari")

    by_sari = _rows(stocked.json("audit", "list", "--who", "sari"), "audit")
    products = _rows(stocked.json("audit", "list", "--command", "product"), "audit")
    first = stocked.json("audit", "list", "--most", "1")
    rest = stocked.json("audit", "list", "--after", str(first["next"]))

    assert [row["command"] for row in by_sari] == ["stock adjust"]
    assert [row["command"] for row in products] == ["product import"]
    assert [row["command"] for row in _rows(rest, "audit")] == ["channel add", "product import"]
    assert "Nothing that fits." in stocked.ok("audit", "list", "--since", "2999-01-01")
    assert "is not a `next`" in stocked.refused("audit", "list", "--after", "x")


def test_an_empty_audit_and_no_runs_say_so(shop: Shop) -> None:
    assert "Nobody has changed anything yet." in shop.ok("audit", "list")
    assert "Nothing was set in motion yet." in shop.ok("run", "list")
    assert "Belum ada" in shop.ok("audit", "list", "--lang", "id")


def test_no_secret_is_kept_in_the_audit(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKO_TOKEN", "from-the-environment")
    stocked.ok(
        "channel", "add", "toko", "--connector", "marketplace",
        "--set", "base_url=https://shop.example/v1", "--set", "token=typed-in-the-open",
    )  # fmt: skip
    stocked.ok(
        "channel", "add", "pasar", "--connector", "marketplace",
        "--set", "base_url=https://shop.example/v1", "--secret", "token=TOKO_TOKEN",
    )  # fmt: skip

    said = str(stocked.json("audit", "list"))

    assert "token=[redacted]" in said
    assert "token=TOKO_TOKEN" in said
    assert "typed-in-the-open" not in said
    assert "from-the-environment" not in said


def test_a_name_that_is_none_is_refused(stocked: Shop) -> None:
    assert "is no name of 1 to 64 letters" in stocked.refused("stock", "list", "--as", "")
    assert "is no name of 1 to 64 letters" in stocked.refused("stock", "list", "--as", "x" * 65)


def test_an_import_is_a_run_with_an_item_for_each_change(stocked: Shop) -> None:
    file = stocked.write("counts.csv", "sku,on_hand\nBIN-BAMBU,30\nUKIRAN-01,1\n")

    document = stocked.json("stock", "import", str(file))

    run_id = str(document["run"])
    listed = _rows(stocked.json("run", "list", "--kind", "import", "--most", "1"), "runs")
    assert [(one["id"], one["state"]) for one in listed] == [(run_id, "done")]
    shown = stocked.json("run", "show", run_id)
    assert shown["counts"] == {"changed": 1}
    assert _rows(shown, "items") == [
        {"subject": "BIN-BAMBU", "state": "changed", "details": {"on_hand": [36, 30]}}
    ]
    movements = _rows(stocked.json("stock", "history", "BIN-BAMBU", "--most", "1"), "movements")
    assert movements[0]["reference"] == run_id
    assert "1 changed" in stocked.ok("run", "show", run_id[:30])


def test_a_file_that_changes_nothing_is_no_run(stocked: Shop) -> None:
    file = stocked.write("counts.csv", "sku,on_hand\nBIN-BAMBU,36\n")

    assert stocked.json("stock", "import", str(file))["run"] is None
    assert stocked.json("stock", "import", str(file), "--dry-run")["run"] is None


def test_a_resync_is_a_run_with_an_item_for_each_number_that_was_to_be_sent(stocked: Shop) -> None:
    plan = _rows(stocked.json("resync", "--dry-run", code=3), "plan")
    assert _rows(stocked.json("run", "list", "--kind", "resync"), "runs") == []

    stocked.json("resync")

    (run,) = _rows(stocked.json("run", "list", "--kind", "resync"), "runs")
    assert (run["state"], run["details"]["channels"]) == ("done", "counter")
    items = _rows(stocked.json("run", "show", str(run["id"])), "items")
    sent = sorted(
        f"{row['channel']}/{row['sku']}/{row['pool_id']}" for row in plan if row["kind"] is not None
    )
    assert [item["subject"] for item in items] == sent
    assert sent


def test_a_run_that_goes_on_says_how_far_it_is(stocked: Shop) -> None:
    def begin(tx: Transaction) -> None:
        runs.begin(tx, "zz-running", kind="resync", actor="sari", details={})
        runs.advance(tx, "zz-running", done=3, total=10)

    _change(stocked, begin)

    assert "not finished: 3 of 10" in stocked.ok("run", "list")
    assert stocked.json("run", "show", "zz")["run"]["state"] == "running"  # type: ignore[index]


def test_a_run_that_is_not_there_is_named_with_the_latest(stocked: Shop) -> None:
    latest = _rows(stocked.json("run", "list"), "runs")[0]["id"]

    assert str(latest) in stocked.refused("run", "show", "nothing")


def _open(kind: IncidentKind, subject: str, **facts: object) -> Any:  # Any: a piece of work
    return lambda tx: incidents.open_incident(tx, kind, subject, facts)


def test_an_incident_that_only_a_person_can_judge_is_resolved_with_a_reason(stocked: Shop) -> None:
    _change(
        stocked, _open(IncidentKind.LATE_ORDER, "channel/counter", channel="counter", last_at="2026-11-24")
    )
    (one,) = _rows(stocked.json("incident", "list"), "incidents")
    number = str(one["id"])

    shown = stocked.json("incident", "show", number)["incident"]
    assert isinstance(shown, dict)
    assert (shown["closes"], shown["can_be_resolved"]) == ("by_person", True)
    assert f"`syncworker incident resolve {number}" in stocked.ok("incident", "show", number)
    assert "Say why" in stocked.refused("incident", "resolve", number, "--reason", " ")
    stocked.ok("incident", "resolve", number, "--reason", "a test order", "--as", "sari")

    assert stocked.json("incident", "list") == {"incidents": []}
    (run,) = _rows(stocked.json("run", "list", "--kind", "resolve"), "runs")
    assert (run["actor"], run["details"]["reason"]) == ("sari", "a test order")
    assert "is closed already" in stocked.refused("incident", "resolve", number, "--reason", "again")
    assert "Closed" in stocked.ok("incident", "show", number)


def test_an_incident_that_a_rule_closes_is_closed_by_no_word(stocked: Shop) -> None:
    stocked.ok("sale", "add", "UKIRAN-01", "3", "--yes")
    opened = _rows(stocked.json("incident", "list"), "incidents")
    number = str(next(one["id"] for one in opened if one["kind"] == "oversold"))

    said = stocked.refused("incident", "resolve", number, "--reason", "I know")

    assert "closes by itself once it is mended" in said
    assert "It closes by itself" in stocked.ok("incident", "show", number)
    assert _rows(stocked.json("incident", "list"), "incidents") == opened
    numbers = ", ".join(str(one["id"]) for one in opened)
    assert f"Open ones: {numbers}." in stocked.refused("incident", "show", "999")


def test_a_restored_backup_is_resolved_only_once_every_number_is_known(stocked: Shop) -> None:
    _change(stocked, _open(IncidentKind.RESTORED, "ledger", noticed_at="2026-11-24"))
    (pool, *_rest) = _pools(stocked)
    _change(stocked, lambda tx: pools.update(tx, pool, exposure=None))
    (one,) = _rows(stocked.json("incident", "list"), "incidents")

    assert "1 numbers are still unknown" in stocked.refused(
        "incident", "resolve", str(one["id"]), "--reason", "done"
    )
    _change(stocked, lambda tx: pools.update(tx, pool, exposure=0))
    stocked.ok("incident", "resolve", str(one["id"]), "--reason", "all read")


def _pools(shop: Shop) -> list[str]:
    ledger = shop.ledger()
    with ledger.snapshot() as tx:
        found = [record.id for record in pools.of_channel(tx, "counter")]
    ledger.close()
    return found


def _park(shop: Shop) -> None:
    def work(tx: Transaction) -> None:
        for record in pools.of_channel(tx, "counter")[:2]:
            pools.update(tx, record.id, parked="campaign locked", refusals=3)
            facts = {"channel": "counter", "sku": record.sku, "message": "campaign locked"}
            incidents.open_incident(tx, IncidentKind.PARKED, f"pool/{record.id}", facts)

    _change(shop, work)


def test_what_is_parked_is_listed_in_the_channels_words_and_tried_again(stocked: Shop) -> None:
    assert "Nothing is parked." in stocked.ok("parked", "list")
    _park(stocked)

    listed = _rows(stocked.json("parked", "list"), "numbers")
    assert [one["message"] for one in listed] == ["campaign locked"] * 2
    page = stocked.json("parked", "list", "--most", "1")
    rest = stocked.json("parked", "list", "--after", str(page["next"]))
    assert [*_rows(page, "numbers"), *_rows(rest, "numbers")] == listed
    name = f"counter/{listed[0]['sku']}"
    assert name in stocked.ok("parked", "list", "--channel", "counter")

    assert stocked.json("parked", "retry", name) == {"numbers": 1, "contents": 0}
    assert len(_rows(stocked.json("incident", "list"), "incidents")) == 1
    assert "is not parked" in stocked.refused("parked", "retry", name)
    assert stocked.json("parked", "retry", "--all") == {"numbers": 1, "contents": 0}
    assert stocked.json("incident", "list") == {"incidents": []}


def test_what_to_retry_must_be_said(stocked: Shop) -> None:
    assert "Say what" in stocked.refused("parked", "retry")
    assert "Say what" in stocked.refused("parked", "retry", "--all", "--channel", "counter")
    assert "is no CHANNEL/SKU" in stocked.refused("parked", "retry", "counter")
    assert "Known channels: counter" in stocked.refused("parked", "retry", "--channel", "stall")
    assert "is not a `next`" in stocked.refused("parked", "list", "--after", "x")


def test_a_channel_is_shown_with_what_is_declared_and_assumed(stocked: Shop) -> None:
    document = stocked.json("channel", "show", "counter")

    assert (document["state"], document["configured"], document["can_be_removed"]) == ("live", True, True)
    rules = document["rules"]
    assert isinstance(rules, dict)
    assert rules["own_number"] is True
    assert "own_number" in stocked.ok("channel", "show", "counter")
    assert "Known channels: counter" in stocked.refused("channel", "show", "countr")


def test_a_channel_goes_once_nothing_can_be_sold_there_and_its_orders_stay(stocked: Shop) -> None:
    stocked.ok("sale", "add", "BIN-BAMBU", "--reference", "bon-1")
    (pool, *_rest) = _pools(stocked)
    _change(stocked, lambda tx: pools.update(tx, pool, exposure=4))

    said = stocked.refused("channel", "remove", "counter", "--yes")
    assert "may still sell something" in said
    assert "`syncworker channel withdraw counter`" in said
    assert stocked.json("channel", "show", "counter")["can_be_removed"] is False

    stocked.ok("channel", "withdraw", "counter")
    assert "Nobody can answer here" in stocked.refused("channel", "remove", "counter")
    text = (stocked.folder / "channels.toml").read_text()
    stocked.ok("channel", "remove", "counter", "--yes")

    assert "counter" in text
    assert "counter" not in (stocked.folder / "channels.toml").read_text()
    assert stocked.json("channel", "list") == {"channels": []}
    assert [one["external_id"] for one in _rows(stocked.json("order", "list"), "orders")] == ["bon-1"]
    (run,) = _rows(stocked.json("run", "list", "--kind", "remove"), "runs")
    assert run["details"]["channel"] == "counter"
    assert "There is no channel 'counter'" in stocked.refused("channel", "remove", "counter", "--yes")


def test_a_channel_is_not_removed_while_its_number_is_unknown_or_somebody_works_there(stocked: Shop) -> None:
    (pool, *_rest) = _pools(stocked)
    _change(stocked, lambda tx: pools.update(tx, pool, exposure=None))
    assert "(unknown)" in stocked.refused("channel", "remove", "counter", "--yes")
    _change(stocked, lambda tx: pools.update(tx, pool, exposure=0))

    def work(tx: Transaction) -> None:
        from syncworker.ledger import jobs
        from syncworker.ledger.jobs import JobKind

        assert jobs.claim(tx, "counter", JobKind.PUSH, token="somebody", seconds=60.0) is not None

    _change(stocked, work)
    stocked.refused("channel", "remove", "counter", "--yes", code=6)
    ledger = stocked.ledger()
    with ledger.snapshot() as tx:
        assert [one.name for one in channels.all_channels(tx)] == ["counter"]
    ledger.close()


def test_policies_are_picked_with_their_risk_in_numbers(stocked: Shop) -> None:
    assert "Nobody can answer here" in stocked.refused("policy", "set", "shared", "--sku", "UKIRAN-01")
    result = stocked.run("policy", "set", "shared", "--sku", "UKIRAN-01", "--escrow-below", "5", "--yes")
    assert result.exit_code == 0
    assert "0.25" in result.stderr
    assert "Below 5 units escrow holds" in result.stderr

    document = stocked.json("policy", "show", "UKIRAN-01")
    assert _rows(document, "channels") == [
        {
            "channel": "counter",
            "policy": "shared",
            "escrow_below": 5,
            "from": "sku",
            "sellable": 1,
            "in_force": "escrow",
        }
    ]
    assert "Did you mean UKIRAN-01" in stocked.refused("policy", "show", "UKIRAN")
    stocked.ok("policy", "clear", "--sku", "UKIRAN-01")
    assert _rows(stocked.json("policy", "show"), "skus") == []


def test_a_channels_policy_and_the_default_stand_in_the_files_with_their_comments(stocked: Shop) -> None:
    stocked.write("syncworker.toml", "# mine\ntick_s = 2.0 # fast\n")

    stocked.ok("policy", "set", "shared", "--default", "--escrow-below", "3", "--yes")
    by_default = stocked.json("policy", "show")
    stocked.ok("policy", "set", "escrow", "--channel", "counter")
    own = stocked.json("policy", "show")
    stocked.ok("policy", "clear", "--default")
    stocked.ok("policy", "clear", "--channel", "counter")

    assert by_default["default"] == {"policy": "shared", "escrow_below": 3}
    assert _rows(by_default, "channels")[0] == {
        "channel": "counter",
        "policy": "shared",
        "escrow_below": 3,
        "is_default": True,
    }
    assert _rows(own, "channels")[0] == {
        "channel": "counter",
        "policy": "escrow",
        "escrow_below": None,
        "is_default": False,
    }
    assert (stocked.folder / "syncworker.toml").read_text() == "# mine\ntick_s = 2.0 # fast\n"
    assert "policy" not in (stocked.folder / "channels.toml").read_text()


def test_of_what_a_policy_is_must_be_said_once(stocked: Shop) -> None:
    assert "Say of what" in stocked.refused("policy", "set", "escrow")
    assert "Say of what" in stocked.refused("policy", "clear", "--default", "--sku", "BIN-BAMBU")
    assert "belongs to the policy shared" in stocked.refused(
        "policy", "set", "escrow", "--default", "--escrow-below", "3"
    )
    assert "Known channels: counter" in stocked.refused("policy", "set", "escrow", "--channel", "stall")
