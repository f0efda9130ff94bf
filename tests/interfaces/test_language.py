"""Every sentence that a person can be shown exists in Bahasa Indonesia, says the same, and is what the program reads."""

from __future__ import annotations

import ast
import re
from decimal import Decimal

import click
import pytest

from syncworker.interfaces import figures
from syncworker.interfaces.cli.reference import page
from syncworker.interfaces.cli.root import COMMANDS, load
from syncworker.interfaces.language import LANGUAGES, _, speak, usual
from syncworker.interfaces.locales.__main__ import compiled, po_file, read, renewed, text, untranslated
from syncworker.interfaces.locales.harvest import KEYWORDS, PACKAGE
from syncworker.interfaces.sentences import sentence
from tests.interfaces.conftest import Shop

OTHERS = LANGUAGES[1:]
HOLE = re.compile(r"\{(\w+)[^}]*\}")
COMMAND = re.compile(r"`[^`]*`")


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language: str) -> None:
    """If this fails: `python -m syncworker.interfaces.locales`, then fill in what it names."""
    assert untranslated(renewed(language)) == []


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_and_what_is_compiled_from_it_are_current(language: str) -> None:
    catalogue = read(language)

    assert text(renewed(language)) == po_file(language).read_bytes()
    assert compiled(catalogue) == po_file(language).with_suffix(".mo").read_bytes()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_same_holes_and_names_the_same_commands(language: str) -> None:
    odd = []
    for message in read(language):
        if not message.id:
            continue
        said = message.id[-1] if isinstance(message.id, tuple | list) else str(message.id)
        string = message.string[0] if isinstance(message.string, tuple | list) else str(message.string)
        if set(HOLE.findall(said)) != set(HOLE.findall(string)):
            odd.append((said, string))
        if sorted(COMMAND.findall(said)) != sorted(COMMAND.findall(string)):
            odd.append((said, string))

    assert odd == []


def test_no_marked_sentence_hides_in_an_f_string() -> None:
    """The harvest does not look into them."""
    hidden = [
        f"{file.name}:{node.lineno}"
        for file in (PACKAGE / "interfaces").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.JoinedStr)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in KEYWORDS
    ]

    assert hidden == []


def test_money_and_numbers_are_written_as_people_write_them() -> None:
    speak("id")
    assert figures.money(Decimal(85000), "IDR") == "Rp85.000"
    assert figures.money(Decimal("85000.5"), "IDR").startswith("Rp")
    assert figures.number(1250) == "1.250"
    speak("en")
    assert figures.money(Decimal(85000), "IDR") == "Rp85.000"
    assert figures.money(Decimal("12.5"), "USD") == "US$12.50"
    assert figures.number(1250) == "1,250"
    assert figures.number_or_unknown(None) == "unknown"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ("id_ID.UTF-8", "id"),
        ("id", "id"),
        ("en_US.UTF-8", "en"),
        ("C", "en"),
        ("idx_XX", "en"),
        ("de_DE", "en"),
    ],
)
def test_the_language_is_the_computers_own_unless_told_otherwise(
    environment: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", environment)

    assert usual() == language


def test_the_option_wins_over_the_setting_and_the_setting_over_the_environment(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "id_ID.UTF-8")
    by_environment = stocked.ok("status")
    stocked.write("syncworker.toml", 'language = "en"\n')
    by_setting = stocked.ok("status")
    by_option = stocked.ok("status", "--lang", "id")

    assert by_environment == by_option
    assert by_environment.startswith("Stok: ")
    assert by_setting.startswith("Stock: ")


def test_an_error_of_the_engine_is_said_in_the_persons_language(stocked: Shop) -> None:
    said = stocked.refused("stock", "set", "NOPE", "3", "--lang", "id")
    bundle = stocked.refused("stock", "set", "SET-BERSIH", "3", "--lang", "id")
    typed = stocked.refused("stock", "set", "BIN-BAMBU", "1.5", "--lang", "id")

    assert said.startswith("Gagal: SKU 'NOPE' tidak ada di katalog.")
    assert bundle.startswith("Gagal: SET-BERSIH adalah paket dan tidak punya hitungan sendiri")
    assert "'1.5' bukan angka bulat." in typed


def test_the_mistakes_of_a_file_are_said_in_the_persons_language(stocked: Shop) -> None:
    path = stocked.write("bad.csv", "sku,on_hand\nBIN-BAMBU,\nUKIRAN-01,-1\n")

    said = stocked.refused("stock", "import", str(path), "--lang", "id")

    assert said.split("\n  - ") == [
        "Gagal: Berkasnya tidak bisa dimasukkan, dan tidak ada yang diubah:",
        "baris 2, on_hand: tertulis '': tulis jumlahnya; sel kosong bukan berarti 0.",
        "baris 3, on_hand: tertulis '-1': tulis 0 atau lebih; hitungan tidak bisa negatif.",
    ]


def test_a_sentence_that_nobody_knows_stays_as_it_is() -> None:
    speak("id")

    assert sentence("Something entirely new.") == "Something entirely new."
    speak("en")


def test_the_help_is_translated_and_the_command_is_left_as_it_was(shop: Shop) -> None:
    indonesian = shop.run("stock", "--help", "--lang", "id").output
    lang_first = shop.run("--lang", "id", "stock", "set", "--help").output
    english = shop.run("stock", "--help").output

    assert "Berapa barang yang ada: hitungan, barang masuk, koreksi." in indonesian
    assert "Hitung stok: Anda sudah menghitung" in lang_first
    assert "Contoh: syncworker stock set BIN-BAMBU 34" in lang_first
    assert "How many units are there: counts, goods in, corrections." in english


def _leaves(command: click.Command, path: str = "") -> list[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        return [
            leaf
            for name, each in command.commands.items()
            for leaf in _leaves(each, f"{path} {name}".strip())
        ]
    return [(path, command)]


LEAVES = [leaf for name in COMMANDS for leaf in _leaves(load(name), name)]


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[path for path, _command in LEAVES])
def test_every_command_has_a_help_and_an_example_of_itself(path: str, command: click.Command) -> None:
    example = getattr(command, "example", "")

    assert command.help
    assert command.help.endswith((".", ")"))
    assert example == path or example.startswith(f"{path} ")
    assert all(
        option.help for option in command.params if isinstance(option, click.Option) and option.name != "help"
    )
    speak("id")
    assert _(command.help) != command.help
    speak("en")


def test_the_page_of_the_command_line_says_what_the_help_says() -> None:
    """If this fails: `python -m syncworker.interfaces.cli.reference > docs/cli.md`."""
    speak("en")

    assert page() == (PACKAGE.parent / "docs" / "cli.md").read_text()
