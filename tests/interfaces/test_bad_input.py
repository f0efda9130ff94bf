"""Bad input gets a clear error: what is wrong, where, and what to do next. Nothing is changed, no traceback is shown."""

from __future__ import annotations

import socket

import pytest
import sqlalchemy as sa

from syncworker.connector import registry
from syncworker.ledger import installation, open_ledger
from tests.connector.rude_server import Manner, RudeServer, polite
from tests.interfaces.conftest import Shop

QUANTITIES = {
    "-3": "-3 is too small; it must be 0 or more.",
    "1.5": "'1.5' is not a whole number. Write it with digits alone, without dots or commas: 12.",
    "1e9": "'1e9' is not a whole number. Write it with digits alone, without dots or commas: 12.",
    "٣": "'٣' is not a whole number. Write it with digits alone, without dots or commas: 12.",
    "99999999999": "99999999999 is surely a typing mistake: more than 1000000000 units. Check the number.",
    "": "the quantity is empty. Write a whole number such as 12; write 0 if there are none.",
}


@pytest.mark.parametrize(("typed", "sentence"), QUANTITIES.items())
def test_a_quantity_that_is_none(stocked: Shop, typed: str, sentence: str) -> None:
    said = stocked.refused("stock", "set", "BIN-BAMBU", typed)

    assert said == f"Error: Invalid value for 'UNITS': {sentence} See `syncworker stock set --help`."
    assert "36" in stocked.ok("stock", "show", "BIN-BAMBU")


@pytest.mark.parametrize(
    "command",
    [
        ("stock", "set", "NOPE", "3"),
        ("stock", "show", "NOPE"),
        ("stock", "receive", "NOPE", "3"),
        ("explain", "NOPE"),
        ("sale", "add", "NOPE"),
        ("limit", "set", "NOPE", "--channel", "counter", "--pause"),
        ("product", "list", "NOPE"),
        ("resync", "--sku", "NOPE"),
        ("listing", "publish", "counter", "NOPE"),
    ],
)
def test_an_unknown_sku(stocked: Shop, command: tuple[str, ...]) -> None:
    assert stocked.refused(*command) == (
        "Error: SKU 'NOPE' is not in the catalogue. See `syncworker product list`, or add it with `syncworker product import`."
    )


def test_an_unknown_channel(stocked: Shop) -> None:
    assert stocked.refused("channel", "pause", "nope") == (
        "Error: There is no channel 'nope'. Known channels: counter. See `syncworker channel list`."
    )


def test_a_bundle_has_no_count(stocked: Shop) -> None:
    assert stocked.refused("stock", "set", "SET-BERSIH", "3") == (
        "Error: SET-BERSIH is a bundle and has no count of its own: it follows its parts. Count the parts instead."
    )


def test_another_currency_than_the_catalogues(stocked: Shop) -> None:
    assert stocked.refused("sale", "add", "BIN-BAMBU", "--price", "5.50", "--currency", "USD") == (
        "Error: BIN-BAMBU is sold in IDR, not in USD. Give the price in IDR, or correct the catalogue."
    )


def test_every_mistake_of_a_file_is_named_at_once_with_its_line(stocked: Shop) -> None:
    path = stocked.write(
        "bad.csv",
        "sku,title,on_hand,price,currency\nA,One,,1,IDR\nB,Two,-1,1,IDR\nC,Three,1.5,1,rupiah\nC,Four,99999999999,1,IDR\n",
    )

    said = stocked.refused("product", "import", str(path)).split("\n  - ")

    assert said[0] == "Error: The file cannot be imported, and nothing was changed:"
    assert said[1:] == [
        "line 2, on_hand: found '': write the number of units; an empty cell does not mean 0.",
        "line 3, on_hand: found '-1': write 0 or more; a count cannot be negative.",
        "line 4, on_hand: found '1.5': write a whole number, without points or commas.",
        "line 4, currency: found 'rupiah': write a currency by its three letters, for instance IDR.",
        "line 5, on_hand: found '99999999999': write at most 1000000000; more is surely a typing mistake.",
        "line 5, sku: found 'C': keep one of them: it stands on line 4 as well.",
    ]
    products = stocked.json("product", "list")["products"]
    assert isinstance(products, list)
    assert len(products) == 4


def test_the_problems_of_a_file_are_a_list_for_programs(stocked: Shop) -> None:
    path = stocked.write("bad.csv", "sku,on_hand\nBIN-BAMBU,3\nBIN-BAMBU,4\nNOPE,1\n")

    error = stocked.json("stock", "import", str(path), code=2)["error"]

    assert isinstance(error, dict)
    assert error["kind"] == "ImportFileError"
    assert error["problems"] == [
        "line 3, sku: found 'BIN-BAMBU': keep one of them: it stands on line 2 as well.",
        "line 4, sku: found 'NOPE': add this SKU with `syncworker product import` first, or correct it.",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"sku,title,on_hand\nA,caf\xe9,1\n",
            "save the file as CSV UTF-8: byte 23 (0xe9) belongs to no such text.",
        ),
        ("sku,title,on_hand\n".encode("utf-16"), "save the file as CSV UTF-8; this one is UTF-16"),
        (b"sku,name,stock\nA,B,1\n", "add this column"),
        (b"", "sku, title, on_hand"),
    ],
)
def test_a_file_with_a_broken_encoding_or_header(stocked: Shop, content: bytes, sentence: str) -> None:
    path = stocked.write("bad.csv", content)

    assert sentence in stocked.refused("product", "import", str(path))


def test_a_file_that_is_not_there(shop: Shop) -> None:
    said = shop.refused("product", "import", "nowhere.csv")

    assert said.startswith("Error: Invalid value for 'FILE': File 'nowhere.csv' does not exist.")


def test_every_mistake_of_the_configuration_is_named_at_once(shop: Shop) -> None:
    shop.write("syncworker.toml", 'lenguage = "en"\ntick_s = -1\n')
    shop.write("channels.toml", '[channels.toko]\nconnector = "marketplaec"\n')

    error = shop.json("config", "check", code=2)["error"]

    assert isinstance(error, dict)
    assert error["problems"] == [
        (
            f"{shop.folder}/syncworker.toml: 'lenguage' is unknown; did you mean 'language'? there are: actor, broker_url,"
            " concurrency, database_url, escrow_below, keep_audit_days, keep_incidents_days, keep_runs_days, keep_traffic_days,"
            " language, log_format, log_level, metrics_host, metrics_port, policy, rates_url, tick_s, token_key"
        ),
        f"{shop.folder}/syncworker.toml: tick_s: found -1, expected seconds between 0.1 and 60, for instance 2",
        (
            f"{shop.folder}/channels.toml: channels.toko: connector 'marketplaec' is unknown; did you mean 'marketplace'?"
            f" there are: {', '.join(sorted(each.name for each in registry.available()))}"
        ),
    ]


def test_a_folder_that_is_not_there(shop: Shop) -> None:
    shop.folder.rmdir()

    said = shop.refused("status")

    assert said.endswith(f"the folder {shop.folder} is not there; `syncworker init` makes one with examples")


def test_a_setting_that_is_none(shop: Shop) -> None:
    said = shop.refused("channel", "add", "toko", "--connector", "marketplace", "--set", "base_url")

    assert said == (
        "Error: --set 'base_url' cannot be read. Write KEY=VALUE, for instance base_url=https://shop.example/v1."
    )
    assert not (shop.folder / "channels.toml").exists()


def test_a_database_from_a_newer_version(stocked: Shop) -> None:
    ledger = stocked.ledger()
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    ledger.close()

    assert stocked.refused("status", code=1) == (
        "Error: This database was written by a newer version of syncworker (its tables are at revision 9999)."
        " Install that version or a later one: pip install --upgrade syncworker."
    )


def test_a_second_up(stocked: Shop) -> None:
    ledger = open_ledger(f"sqlite:///{stocked.database}")
    with installation.running(ledger):
        said = stocked.refused("up", code=6)
        beside = stocked.run("status")
    ledger.close()

    assert f"syncworker already runs on {stocked.database}" in said
    assert "Stop it there first, for instance with Ctrl-C; other commands work beside it." in said
    assert beside.exit_code == 0


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_a_broker_that_only_one_process_sees(stocked: Shop, command: str) -> None:
    said = stocked.refused(command)

    assert "which lives inside one process" in said
    assert "`syncworker up`" in said


def test_a_mistyped_command_and_option(shop: Shop) -> None:
    assert shop.refused("stok").startswith("Error: No such command 'stok'.")
    assert shop.refused("status", "--jsn").startswith("Error: No such option '--jsn'. Did you mean '--json'?")


# --- channels that misbehave ----------------------------------------------------------------------------------------


def _check(shop: Shop, manner: Manner) -> str:
    with RudeServer(manner) as server:
        _add(shop, server.url)
        return shop.run("channel", "check", "toko").output


def _add(shop: Shop, url: str) -> None:
    shop.ok(
        "channel", "add", "toko", "--connector", "marketplace", "--set", f"base_url={url}/v1", "--set",
        "token=abcdefgh", "--set", "allow_private_network=true",
    )  # fmt: skip


ANSWERS: dict[str, tuple[Manner, tuple[str, ...]]] = {
    "wrong credentials": (polite(b"{}", status="401 Unauthorized"), ("401", "credentials")),
    "html": (polite(b"<html>Hello</html>", "Content-Type: text/html"), ("HTML",)),
    "truncated": (polite(b'{"name": "toko', "Content-Type: application/json"), ("JSON",)),
    "nan": (polite(b'{"name": NaN}', "Content-Type: application/json"), ("NaN",)),
    "missing field": (
        polite(b'{"currency": "IDR"}', "Content-Type: application/json"),
        ("capabilities must be an object, not nothing",),
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_channel_that_answers_nonsense(stocked: Shop, case: str) -> None:
    manner, words = ANSWERS[case]

    said = _check(stocked, manner)

    assert said.startswith("✗ toko: ")
    for word in words:
        assert word in said
    assert "abcdefgh" not in said


def test_an_unreachable_channel(stocked: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _add(stocked, url)

    result = stocked.run("channel", "check", "toko")
    resynced = stocked.run("resync", "toko")

    assert result.exit_code == 1
    assert result.stdout.startswith("✗ toko: ")
    assert resynced.exit_code == 5
    assert "toko was not reached: " in resynced.stdout


def test_a_page_that_repeats_itself(stocked: Shop) -> None:
    page = b'{"listings": [], "next_cursor": "again"}'
    with RudeServer(polite(page, "Content-Type: application/json")) as server:
        _add(stocked, server.url)
        said = stocked.refused("listing", "list", "--channel", "toko", "--refresh", code=1)

    assert said == (
        "Error: toko: its answer cannot be read (the page repeats itself: its next_cursor is the one it was asked for)."
        " Does base_url lead to its API, and not to a page for people?"
    )


@pytest.mark.parametrize("typed", ["0001-01-01", "9999-12-31T23:59-12:00"])
def test_a_time_that_no_clock_ever_shows(stocked: Shop, typed: str) -> None:
    said = stocked.refused("sale", "add", "BIN-BAMBU", "--channel", "counter", "--sold-at", typed)

    assert f"'{typed}' is not a time. Write it like 2026-11-24 17:30." in said


def test_one_word_too_many_is_a_sentence_of_its_own_before_where_to_look(shop: Shop) -> None:
    said = shop.refused("limit", "set", "BIN-BAMBU", "warung", "--at-most", "5")

    assert said.endswith("(warung). See `syncworker limit set --help`.")
