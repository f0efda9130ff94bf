"""Each command does its work and answers with stable keys, on a real ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncworker.ledger import products, stock
from tests.interfaces.conftest import CATALOGUE, Shop


def test_init_writes_what_is_missing_and_overwrites_nothing(shop: Shop) -> None:
    shop.write("channels.toml", "# mine\n")

    document = shop.json("init")

    assert document["written"] == ["syncworker.toml", "catalogue.csv"]
    assert document["kept"] == ["channels.toml"]
    assert (shop.folder / "channels.toml").read_text() == "# mine\n"
    assert shop.json("config", "check")["ok"] is True


def test_the_sample_catalogue_can_be_imported(shop: Shop) -> None:
    shop.ok("init")

    document = shop.json("product", "import", str(shop.folder / "catalogue.csv"))

    assert (document["applied"], document["new"]) == (True, 5)


def test_the_samples_of_both_languages_are_configurations(shop: Shop) -> None:
    shop.ok("init", "--lang", "id")

    text = (shop.folder / "syncworker.toml").read_text()

    assert "Cara syncworker berjalan" in text
    assert shop.json("config", "check")["channels"] == []


def test_a_dry_run_of_an_import_changes_nothing_and_says_so_by_its_exit_code(shop: Shop) -> None:
    path = shop.write("catalogue.csv", CATALOGUE)

    document = shop.json("product", "import", str(path), "--dry-run", code=3)

    assert (document["applied"], document["new"], document["changed"], document["unchanged"]) == (
        False,
        4,
        0,
        0,
    )
    assert shop.json("product", "list") == {"products": []}


def test_importing_the_same_file_again_changes_nothing(stocked: Shop) -> None:
    document = stocked.json("product", "import", str(stocked.folder / "catalogue.csv"))

    assert (document["applied"], document["unchanged"]) == (False, 4)


def test_products_are_listed_with_their_money(stocked: Shop) -> None:
    document = stocked.json("product", "list", "SET-BERSIH")

    assert document == {
        "products": [
            {
                "sku": "SET-BERSIH",
                "title": "Paket kebersihan",
                "price": "140000",
                "currency": "IDR",
                "maker": None,
                "maker_premium": None,
                "safety_stock": 0,
                "parts": {"BIN-BAMBU": 1, "PENGKI-BAMBU": 1},
                "description": None,
                "images": [],
            }
        ]
    }
    assert "Rp140.000" in stocked.ok("product", "list")


def test_stock_of_a_bundle_is_that_of_its_parts(stocked: Shop) -> None:
    document = stocked.json("stock", "show", "SET-BERSIH")

    assert document["stock"] == [
        {"sku": "BIN-BAMBU", "location": "main", "on_hand": 36, "reserved": 0, "available": 36},
        {"sku": "PENGKI-BAMBU", "location": "main", "on_hand": 60, "reserved": 0, "available": 60},
    ]


def test_a_stock_take_shows_before_and_after_and_what_follows_at_the_channels(stocked: Shop) -> None:
    document = stocked.json("stock", "set", "BIN-BAMBU", "34", "--note", "Sunday")

    assert document["before"] == {"on_hand": 36, "reserved": 0, "available": 36}
    assert document["after"] == {"on_hand": 34, "reserved": 0, "available": 34}
    channels = document["channels"]
    assert isinstance(channels, list)
    assert {(row["channel"], row["sku"]) for row in channels} == {
        ("counter", "BIN-BAMBU"),
        ("counter", "SET-BERSIH"),
    }
    assert set(channels[0]) == {
        "channel", "sku", "pool_id", "exposure", "shown", "target", "kind", "value", "reason", "sentence",
    }  # fmt: skip


def test_goods_in_and_corrections_leave_movements_with_their_reason(stocked: Shop) -> None:
    stocked.ok("stock", "receive", "UKIRAN-01", "2", "--note", "second one carved")
    stocked.ok("stock", "adjust", "UKIRAN-01", "-1", "--reason", "cracked")

    ledger = stocked.ledger()
    with ledger.snapshot() as tx:
        history = stock.history(tx, "UKIRAN-01")
    ledger.close()
    assert [(one.kind.value, one.after.on_hand, one.note) for one in history[:2]] == [
        ("adjust", 2, "cracked"),
        ("receive", 3, "second one carved"),
    ]


def test_a_stock_file_is_previewed_then_taken_in(stocked: Shop) -> None:
    path = stocked.write("counted.csv", "sku;on_hand\nBIN-BAMBU;30\nUKIRAN-01;1\n")

    preview = stocked.json("stock", "import", str(path), "--dry-run", code=3)
    taken = stocked.json("stock", "import", str(path))

    assert (preview["applied"], preview["changed"], preview["unchanged"]) == (False, 1, 1)
    assert taken["applied"] is True
    assert "30" in stocked.ok("stock", "show", "BIN-BAMBU")


def test_a_sale_typed_twice_under_one_reference_counts_once(stocked: Shop) -> None:
    first = stocked.json("sale", "add", "SET-BERSIH", "2", "--reference", "bon-1")
    second = stocked.json("sale", "add", "SET-BERSIH", "2", "--reference", "bon-1")

    assert (first["taken"], second["taken"]) == (True, False)
    assert first["available"] == second["available"] == {"BIN-BAMBU": 34, "PENGKI-BAMBU": 58}


def test_a_sale_of_more_than_is_on_hand_is_asked_about_first(stocked: Shop) -> None:
    asked = stocked.refused("sale", "add", "SET-BERSIH", "999")

    assert "Only 36 × BIN-BAMBU, 60 × PENGKI-BAMBU on hand, and 999 × SET-BERSIH sold" in asked
    assert "Nobody can answer here: add --yes" in asked
    assert "0 available" in stocked.ok("sale", "add", "BIN-BAMBU", "36")


def test_a_sale_of_more_than_there_is_is_taken_and_an_incident_says_who_goes_short(stocked: Shop) -> None:
    first = stocked.json("sale", "add", "UKIRAN-01", "3", "--reference", "bon-1", "--yes")
    again = stocked.json("sale", "add", "UKIRAN-01", "3", "--reference", "bon-1")
    assert (first["taken"], again["taken"]) == (True, False)

    incidents = stocked.json("incident", "list")["incidents"]

    assert isinstance(incidents, list)
    assert incidents[0]["kind"] == "oversold"
    assert incidents[0]["sentence"] == "oversold: 2 of UKIRAN-01 too many were sold"
    assert "syncworker stock receive UKIRAN-01 N" in incidents[0]["next_step"]
    assert stocked.run("doctor").exit_code == 4


def test_limits_add_up_and_can_be_taken_away(stocked: Shop) -> None:
    stocked.ok("limit", "set", "BIN-BAMBU", "--channel", "counter", "--at-most", "5")
    stocked.ok("limit", "set", "BIN-BAMBU", "--channel", "counter", "--at-least", "2")
    stocked.ok("limit", "set", "BIN-BAMBU", "--safety-stock", "4")

    listed = stocked.json("limit", "list")

    assert listed == {
        "limits": [
            {
                "channel": "counter",
                "sku": "BIN-BAMBU",
                "pause": False,
                "at_most": 5,
                "fixed": None,
                "at_least": 2,
                "share": None,
            }
        ],
        "safety_stock": [{"sku": "BIN-BAMBU", "units": 4}],
    }
    assert stocked.json("limit", "clear", "BIN-BAMBU", "--channel", "counter")["cleared"] is True
    assert stocked.json("limit", "clear", "BIN-BAMBU")["cleared"] is True
    assert stocked.json("limit", "list") == {"limits": [], "safety_stock": []}


def test_status_and_channel_list_have_stable_keys(stocked: Shop) -> None:
    status = stocked.json("status")

    assert set(status) == {
        "at", "channels", "stock", "holds", "incidents", "orders_waiting", "unanswered", "dirty",
    }  # fmt: skip
    assert isinstance(status["channels"], list)
    assert set(status["channels"][0]) == {
        "name", "connector", "state", "withdrawing", "gate_until", "failures", "last_error", "pulled_at", "has_feeds",
        "assumed", "pools", "may_sell", "not_protected", "unlinked", "consent_until", "takes_orders",
    }  # fmt: skip
    assert stocked.json("channel", "list")["channels"] == status["channels"]
    assert "No open incident." in stocked.ok("status")


def test_the_doctor_proves_a_good_ledger(stocked: Shop) -> None:
    document = stocked.json("doctor")

    assert document["healthy"] is True
    assert set(document) == {"healthy", "looked_at", "findings"}


def test_a_counter_is_withdrawn_at_once_and_resumed(stocked: Shop) -> None:
    stocked.ok("resync", "--wait", "--timeout", "20")

    stopped = stocked.json("channel", "withdraw", "--all", "--yes")

    assert stopped["withdrawn"] == ["counter"]
    assert stopped["may_still_sell"] == {}
    assert stopped["true_at"] is not None
    assert "True at" in stocked.ok("channel", "withdraw", "counter")
    assert stocked.json("channel", "resume", "counter")["withdrawing"] is False


def test_the_panic_button_asks_and_refuses_where_nobody_can_answer(stocked: Shop) -> None:
    said = stocked.refused("channel", "withdraw", "--all")

    assert said == "Error: Stop selling everywhere? Nobody can answer here: add --yes if you mean it."


def test_pause_goes_on_counting_what_the_channel_may_sell(stocked: Shop) -> None:
    stocked.ok("resync", "--wait", "--timeout", "20")

    document = stocked.json("channel", "pause", "counter")

    assert document["state"] == "paused"
    assert isinstance(document["may_sell"], int)
    assert document["may_sell"] > 0


def test_a_pool_that_nobody_can_read_is_vouched_for_and_the_books_keep_who_and_why(stocked: Shop) -> None:
    stocked.ok("resync", "--wait", "--timeout", "20")

    document = stocked.json("pool", "assume", "counter/BIN-BAMBU", "0", "--reason", "stall closed", "--yes")

    from syncworker.ledger import runs

    ledger = stocked.ledger()
    with ledger.snapshot() as tx:
        audit = runs.latest(tx, kind="assume")
    ledger.close()
    assert document["units"] == 0
    assert audit[0].details["reason"] == "stall closed"
    assert audit[0].actor


def test_the_ledger_is_copied_while_it_is_in_use(stocked: Shop, tmp_path: Path) -> None:
    document = stocked.json("db", "backup", str(tmp_path / "copy.db"))

    assert document["file"] == str(tmp_path / "copy.db")
    assert stocked.json("db", "upgrade") == {"applied": []}


def test_connectors_tell_what_they_want_to_know(shop: Shop) -> None:
    connectors = shop.json("connector", "list")["connectors"]

    assert isinstance(connectors, list)
    marketplace = next(one for one in connectors if one["name"] == "marketplace")
    assert marketplace["problem"] is None
    assert {"name": "base_url", "required": True} in marketplace["settings"]


def test_a_channel_is_written_with_its_secret_outside_of_the_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKO_TOKEN", "a-secret-token")
    shop.write("channels.toml", "# my shops\n")

    document = shop.json(
        "channel", "add", "toko", "--connector", "marketplace", "--set", "base_url=https://shop.example/v1",
        "--set", "poll_s=30", "--secret", "token=TOKO_TOKEN",
    )  # fmt: skip

    text = (shop.folder / "channels.toml").read_text()
    assert document["state"] == "observing"
    assert text.startswith("# my shops\n")
    assert 'token = {env = "TOKO_TOKEN"}' in text
    assert "poll_s = 30" in text
    assert "a-secret-token" not in text


def test_orders_of_the_counter_are_listed(stocked: Shop) -> None:
    stocked.ok("sale", "add", "BIN-BAMBU", "--reference", "bon-7")

    orders = stocked.json("order", "list", "--channel", "counter")["orders"]

    assert isinstance(orders, list)
    assert orders[0]["external_id"] == "bon-7"
    assert orders[0]["lines"][0]["sku"] == "BIN-BAMBU"
    assert stocked.json("order", "list", "--waiting") == {"orders": []}


def test_an_unforeseen_error_is_an_apology_with_the_place_of_its_log(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(products, "list_products", broken)

    said = stocked.refused("product", "list", code=1)

    assert said.startswith("Error: Sorry, that was not foreseen (RuntimeError).")
    log = Path(said.split("stands in ")[1].split(";")[0])
    assert "boom" in log.read_text()
    log.unlink()
