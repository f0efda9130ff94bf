"""Which names may a channel not have? Those by which the books call what a person enters, and the queue of the tick."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncworker.errors import ConfigurationError
from syncworker.settings import load_settings


@pytest.mark.parametrize("name", ["hold", "import", "operator", "sync", "tick", "undo"])
def test_a_name_that_means_something_else_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "channels.toml").write_text(f'[channels.{name}]\nconnector = "counter"\n', encoding="utf-8")

    with pytest.raises(ConfigurationError, match="means something else here"):
        load_settings(tmp_path)
