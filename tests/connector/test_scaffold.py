"""`connector new` writes folders whose tests pass untouched, for each kind and each way of proving who calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from syncworker.connector.conformance import Level, certify
from syncworker.connector.scaffold import AUTHS, KINDS, write_connector
from syncworker.connector.workshop import bench_file_opened, bench_files, inspect
from syncworker.errors import InputError

#: Checks that need the proof of who calls, and one of everything that moves.
TELLING = [
    "contract",
    "imports",
    "answers",
    "wrong-secret",
    "shows-what-is-pushed",
    "reads-back",
    "pages",
    "counts-down",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("auth", AUTHS)
def test_what_is_written_is_sound_and_works(tmp_path: Path, kind: str, auth: str) -> None:
    folder = write_connector(f"shop-{auth.replace('_', '-')}-{kind}", kind=kind, auth=auth, into=tmp_path)

    looked = inspect(str(folder))
    (file,) = bench_files(folder)
    with bench_file_opened(file, folder) as benches, benches["far_side"]() as bench:
        report = certify("far_side", bench, only=TELLING)

    assert [one.mistakes for one in looked] == [()] * len(looked)
    assert [(one.check.id, one.words) for one in report.failures] == []


@pytest.mark.parametrize("kind", KINDS)
def test_its_own_tests_pass_untouched_and_reach_gold(tmp_path: Path, kind: str) -> None:
    folder = write_connector("kedai", kind=kind, auth="bearer", into=tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"::far_side: {Level.GOLD}" in done.stdout


def test_a_manifest_with_mistakes_is_named_with_all_of_them(tmp_path: Path) -> None:
    folder = write_connector("kedai", kind="declarative", auth="none", into=tmp_path)
    manifest = folder / "syncworker_kedai" / "kedai.toml"
    manifest.write_text(manifest.read_text().replace('quantity = "stock"', 'quantty = "stock"'))

    mistakes = "; ".join(mistake for one in inspect(str(folder)) for mistake in one.mistakes)

    assert "quantty" in mistakes
    assert "read.quantity" in mistakes


@pytest.mark.parametrize("name", ["", "Toko", "../toko", "a" * 41, "toko--x", "1toko"])
def test_a_name_that_no_connector_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="small letters"):
        write_connector(name, kind="python", auth="none", into=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_connector("kedai", kind="python", auth="none", into=tmp_path)

    with pytest.raises(InputError, match="exists already"):
        write_connector("kedai", kind="declarative", auth="none", into=tmp_path)
