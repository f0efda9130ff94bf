"""Can a seller copy what a channel's page shows? Every TOML example goes through the loader that reads channels.toml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncworker.connector.registry import available
from syncworker.settings import load_settings

DOCS = Path(__file__).resolve().parent.parent / "docs" / "channels"
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
ENVIRONMENT = re.compile(r'\{ env = "([A-Z0-9_]+)" \}')


def _examples(page: Path) -> list[str]:
    """The page's examples; one that only adds to a channel is read behind the first, as a seller would write it."""
    found = TOML.findall(page.read_text(encoding="utf-8"))
    return [text if "connector =" in text else f"{found[0]}\n{text}" for text in found]


EXAMPLES = [
    pytest.param(page.stem, text, id=f"{page.stem}-{number}")
    for page in sorted(DOCS.glob("*.md"))
    for number, text in enumerate(_examples(page), start=1)
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_example_of_a_channels_page_can_be_copied(
    name: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ENVIRONMENT.findall(example):
        monkeypatch.setenv(variable, "made-up-value")
    (tmp_path / "channels.toml").write_text(example, encoding="utf-8")

    loaded = load_settings(tmp_path)

    assert {channel.connector for channel in loaded.channels.values()} == {name}
    assert [warning for warning in loaded.warnings if "stands in the file itself" in warning] == []


def test_every_connector_has_a_page_with_an_example() -> None:
    ours = {one.name for one in available() if one.distribution == "syncworker"}

    assert {example.values[0] for example in EXAMPLES} == ours
