"""How is a sandbox started by hand? `python -m syncworker.sandbox`; all work is in `server`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from syncworker.sandbox.catalogue import load_catalogue
from syncworker.sandbox.server import openapi_document, serve
from syncworker.sandbox.setup import ShopSetup, builtin_shops, catalogue_listings, load_shops


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until stopped: exit code 0; 2 for a mistake in what was asked, said in one line on stderr."""
    asked = _parser().parse_args(argv)
    try:
        if asked.export_openapi is not None:
            asked.export_openapi.write_text(openapi_document(builtin_shops()), encoding="utf-8")
            return 0
        return serve(
            _setups(asked.shops, asked.catalogue),
            port=asked.port,
            seed=asked.seed,
            log_dir=asked.log_dir,
            until_stdin_closes=asked.until_stdin_closes,
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2


def _setups(shops: str, catalogue: Path | None) -> tuple[ShopSetup, ...]:
    if shops != "builtin":
        return load_shops(Path(shops))
    return builtin_shops(catalogue_listings(load_catalogue(catalogue)) if catalogue else None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m syncworker.sandbox", description="Pretend marketplaces.")
    parser.add_argument("--shops", default="builtin", help="a shops file (JSON), or 'builtin' for the three")
    parser.add_argument("--catalogue", type=Path, help="goods of the built-in shops, listed with quantity 0")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=0, help="seed of faults and of what is left to chance")
    parser.add_argument("--log-dir", type=Path, help="folder for one log file per shop")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    parser.add_argument("--export-openapi", type=Path, metavar="FILE", help="write the contract and exit")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
