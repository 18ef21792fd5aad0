"""Evaluates every rule of a contract on the rows of its tables: exact counts, and the rows that break it.

All commands evaluate rules here. `rule_findings` turns results into findings, and `new_violations` tells what a
change broke.
"""

from tdmvc.checks.validation.cache import CountCache
from tdmvc.checks.validation.failing_rows import write_failing_rows
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_rule, validate_tables
from tdmvc.checks.validation.verdicts import KnownVerdict

__all__ = [
    "CountCache",
    "KnownVerdict",
    "ValidationOptions",
    "validate_rule",
    "validate_tables",
    "write_failing_rows",
]
