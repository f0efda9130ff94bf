"""How does an author prove a connector? Checks in bronze, silver and gold, run on a bench that the author describes.

Write ``conformance_bench.py`` beside the tests; ``pytest`` and ``syncworker connector test`` find it.
"""

from syncworker.connector.conformance.bench import Bench, CannotError, Shop, Target, Trouble, bench
from syncworker.connector.conformance.certify import certify, checks, examine
from syncworker.connector.conformance.checks import Check, Finding, Report
from syncworker.connector.conformance.engine import StandIn
from syncworker.connector.conformance.judging import Level, Verdict
from syncworker.connector.conformance.sandbox import SandboxShop

__all__ = [
    "Bench",
    "CannotError",
    "Check",
    "Finding",
    "Level",
    "Report",
    "SandboxShop",
    "Shop",
    "StandIn",
    "Target",
    "Trouble",
    "Verdict",
    "bench",
    "certify",
    "checks",
    "examine",
]
