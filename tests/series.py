"""How long a series of repeated trials is: a fixed sample in `make test`, all of it in `make test-long`."""

import os
from collections.abc import Iterable
from typing import TypeVar

import pytest

CaseT = TypeVar("CaseT")

IS_LONG = os.environ.get("TDMVC_LONG_TESTS") == "1"


def trials(full: int, sample: int) -> int:
    """Return how many trials a series makes: kills at different instants, or examples of a law."""
    return full if IS_LONG else sample


def sample_of(cases: Iterable[CaseT], every: int = 3) -> list[CaseT]:
    """Return the cases of a series: all of them, or the first, and then one of so many."""
    return list(cases)[:: 1 if IS_LONG else every]


long_only = pytest.mark.skipif(not IS_LONG, reason="a long series, for make test-long")
"""For a test that costs much, beside cheaper ones of the same behaviour."""
