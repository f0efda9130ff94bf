"""A pretend shop of each platform is added, connected and checked with the very commands that the sandbox prints."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncworker.sandbox.dialects import DIALECTS
from tests.interfaces.conftest import Shop

COMMAND = str(Path(sys.executable).parent / "syncworker")


@pytest.fixture(scope="module")
def printed() -> Iterator[dict[str, list[str]]]:
    """What ``syncworker sandbox --speak`` says of each platform: the commands, as they are typed."""
    wanted = [word for name in DIALECTS for word in ("--speak", name)]
    with subprocess.Popen(
        [COMMAND, "--lang", "en", "sandbox", *wanted], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        commands: dict[str, list[str]] = {}
        dialect = ""
        for line in process.stdout:
            if line.endswith(")\n") and not line.startswith(" "):
                dialect = line.partition("(")[2].removesuffix(")\n")
                commands[dialect] = []
            elif line.startswith("  syncworker "):
                commands[dialect].append(line.strip())
            elif line.startswith("  curl "):
                break
        yield commands
        process.terminate()


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_what_the_sandbox_prints_connects(shop: Shop, printed: dict[str, list[str]], dialect: str) -> None:
    for command in printed[dialect]:
        shop.ok(*shlex.split(command)[1:])
    name = shlex.split(printed[dialect][0])[3]
    checked = shop.json("channel", "check", name)["checks"]

    assert isinstance(checked, list)
    assert [(one["channel"], one["ok"], one["listings"]) for one in checked] == [(name, True, 5)]
