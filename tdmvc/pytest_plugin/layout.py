"""Where rows are, and which numbers come next: what no test should rely on, and options can change."""

import os
import random
import sys
from typing import Any

import pytest

from tdmvc.model.environment import RowLayout

SEED_VARIABLE = "TDMVC_SEED"
"""Hands the seed to workers of pytest-xdist, and to processes that run tests again."""
_SEEDS = range(1, 9)
"""Each makes a template of its own, so that there are not too many."""
_STEP = 1009
"""How far a seed shifts sequences; seeding leaves each column at least half of its numbers."""


def choose_layout(config: pytest.Config) -> RowLayout:
    """Return the layout that the options ask for; a seed that they do not name is the same in all processes."""
    options = config.known_args_namespace
    if not (options.tdmvc_shift_sequences or options.tdmvc_shuffle_rows):
        return RowLayout()
    seed = options.tdmvc_seed or int(os.environ.get(SEED_VARIABLE) or random.choice(_SEEDS))
    os.environ[SEED_VARIABLE] = str(seed)
    return RowLayout(
        seed * _STEP if options.tdmvc_shift_sequences else 0, seed if options.tdmvc_shuffle_rows else None
    )


def layout_header() -> str:
    """Return the line that says how to get the same layout again."""
    return f"tdmvc: other row layout, repeat it with --tdmvc-seed={os.environ.get(SEED_VARIABLE, '')}"


def reverse_sqlite() -> None:
    """Let SQLite return rows in the opposite order where a query names none: it keeps them in that of their keys."""
    import sqlite3.dbapi2

    original = sqlite3.dbapi2.connect

    def connect(*args: Any, **kwargs: Any) -> Any:
        connection = original(*args, **kwargs)
        connection.execute("PRAGMA reverse_unordered_selects = ON")
        return connection

    for module in ("sqlite3", "sqlite3.dbapi2"):
        sys.modules[module].connect = connect  # type: ignore[attr-defined]
