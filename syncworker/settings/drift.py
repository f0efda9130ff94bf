"""What is to be done when a number is not as expected? ``[drift]`` for every channel, ``[channels.NAME.drift]`` for one."""

from __future__ import annotations

from collections.abc import Mapping

from syncworker.core.drift import DriftClass, DriftPolicy, DriftRules
from syncworker.settings.reading import shown, unknown_key

SHARE, LEAST = "brake_share", "brake_least"
KEYS = (*(one.value for one in DriftClass), SHARE, LEAST)
#: Where the brake may stand: a share in per cent (100 never brakes), and a number of listings.
_SHARES, _LEASTS = (0, 100), (1, 1_000_000)
USUAL = DriftRules()


def read_drift(
    where: str, raw: Mapping[str, object], problems: list[str], default: DriftRules = USUAL
) -> DriftRules:
    """What the table ``drift`` in ``raw``, called ``where`` to people, says, and ``default`` where it says nothing; what is wrong is added to ``problems``."""
    if "drift" not in raw:
        return default
    table = raw["drift"]
    if not isinstance(table, dict):
        problems.append(f"{where}: found {shown(table)}, expected a table [{where.rpartition(': ')[2]}]")
        return default
    problems += [unknown_key(where, key, KEYS) for key in table if key not in KEYS]
    chosen = {
        one: policy
        for one in DriftClass
        if (policy := _policy(where, table, one.value, problems)) is not None
    }
    share = _number(where, table, SHARE, _SHARES, problems)
    least = _number(where, table, LEAST, _LEASTS, problems)
    return DriftRules(
        policies={**default.policies, **chosen},
        brake_share=default.brake_share if share is None else share,
        brake_least=default.brake_least if least is None else least,
    )


def _policy(where: str, table: Mapping[str, object], key: str, problems: list[str]) -> DriftPolicy | None:
    value = table.get(key)
    names = [one.value for one in DriftPolicy]
    if isinstance(value, str) and value in names:
        return DriftPolicy(value)
    if value is not None:
        expected = ", ".join(f'"{name}"' for name in names)
        problems.append(f"{where}.{key}: found {shown(value)}, expected one of {expected}")
    return None


def _number(
    where: str, table: Mapping[str, object], key: str, within: tuple[int, int], problems: list[str]
) -> int | None:
    value = table.get(key)
    least, most = within
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    problems.append(f"{where}.{key}: found {shown(value)}, expected a whole number from {least} to {most}")
    return None
