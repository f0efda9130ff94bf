"""Does every setting of every connector that comes with us say what it is, in the terminal and on its channel's page?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncworker.connector import registry
from syncworker.interfaces.cli.connector_info import settings_of

PAGES = Path(__file__).resolve().parents[2] / "docs" / "channels"
SHIPPED = sorted(one.name for one in registry.available() if (PAGES / f"{one.name}.md").exists())
#: The shortest sentence that anybody understands.
WORDS_LEAST = 3


def test_every_connector_that_comes_with_us_has_a_page() -> None:
    assert set(SHIPPED) == {path.stem for path in PAGES.glob("*.md")} - {"README"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_setting_says_what_it_is(name: str) -> None:
    silent = [one.name for one in settings_of(registry.load(name)) if len(one.help.split()) < WORDS_LEAST]

    assert silent == []


@pytest.mark.parametrize("name", SHIPPED)
def test_every_setting_stands_on_its_channels_page(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    quoted = re.findall(r"`([^`\n]+)`|^```toml\n(.+?)^```", page, re.MULTILINE | re.DOTALL)
    named = {word for pair in quoted for text in pair for word in re.findall(r"[A-Za-z_0-9]+", text)}

    missing = [
        one.name for one in settings_of(registry.load(name)) if one.name.rpartition(".")[2] not in named
    ]

    assert missing == []
