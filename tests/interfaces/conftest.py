"""A configuration folder of one's own, and the command line as a person would type it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncworker.interfaces.cli.root import cli
from syncworker.ledger import Ledger, open_ledger

CATALOGUE = """sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,36,85000,IDR,
PENGKI-BAMBU,Pengki bambu,60,35000,IDR,
SET-BERSIH,Paket kebersihan,,140000,IDR,BIN-BAMBU:1;PENGKI-BAMBU:1
UKIRAN-01,Ukiran bambu,1,450000,IDR,
"""


@dataclass(frozen=True)
class Shop:
    """The command line on one configuration folder."""

    folder: Path

    def run(self, *args: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(
            cli, [*args, "--config", str(self.folder)], input=stdin, prog_name="syncworker"
        )

    def ok(self, *args: str) -> str:
        """What was said on standard output; the command must succeed."""
        result = self.run(*args)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *args: str, code: int = 0) -> dict[str, object]:
        """The document; nothing but one may stand on standard output."""
        result = self.run(*args, "--json")
        assert result.exit_code == code, result.output
        document = json.loads(result.stdout)
        assert isinstance(document, dict)
        return document

    def refused(self, *args: str, code: int = 2) -> str:
        """The sentence on standard error."""
        result = self.run(*args)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.stderr.strip()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    @property
    def database(self) -> Path:
        return self.folder.parent / "syncworker.db"

    def ledger(self) -> Ledger:
        return open_ledger(f"sqlite:///{self.database}")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tester's own language and settings are."""
    for name in ("LC_ALL", "LC_MESSAGES", "SYNCWORKER_CONFIG", "SYNCWORKER_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An empty configuration."""
    folder = tmp_path / "config"
    folder.mkdir()
    return Shop(folder)


@pytest.fixture(scope="session")
def stocked_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue taken in, and a counter: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("stocked") / "config"
    folder.mkdir()
    shop = Shop(folder)
    path = shop.write("catalogue.csv", CATALOGUE)
    shop.ok("product", "import", str(path))
    shop.ok("channel", "add", "counter", "--connector", "counter")
    return folder.parent


@pytest.fixture
def stocked(stocked_template: Path, tmp_path: Path) -> Shop:
    """The catalogue taken in, and a counter."""
    shutil.copytree(stocked_template, tmp_path / "stocked")
    return Shop(tmp_path / "stocked" / "config")
