"""Work on many parts is shared among threads, and its results come in order all the same."""

import threading
import time
from collections.abc import Iterator

import pytest

from tdmvc.changes.walk.workers import workers


@pytest.mark.parametrize("parts", [1, 100])
def test_results_come_in_the_items_order(parts: int) -> None:
    def slow_at_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * 2

    with workers(parts) as in_order:
        assert list(in_order(slow_at_first, range(50))) == [item * 2 for item in range(50)]


def test_two_or_three_parts_are_handled_without_threads() -> None:
    with workers(2) as in_order:
        threads = set(in_order(lambda _: threading.get_ident(), range(2)))
    assert threads == {threading.get_ident()}


def test_work_is_only_a_few_items_ahead_of_whoever_takes_the_results() -> None:
    begun: list[int] = []
    with workers(1000) as in_order:
        results: Iterator[None] = in_order(begun.append, range(1000))
        next(results)
        time.sleep(0.05)
        assert len(begun) < 20


@pytest.mark.parametrize("parts", [1, 100])
def test_an_error_ends_the_work_and_is_raised(parts: int) -> None:
    begun: list[int] = []

    def fail(item: int) -> None:
        begun.append(item)
        raise LookupError(item)

    with pytest.raises(LookupError, match="0"), workers(parts) as in_order:
        list(in_order(fail, range(1000)))
    assert len(begun) < 20
