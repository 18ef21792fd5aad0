"""The cache of counts: it holds numbers only, may be deleted or damaged, and stays small."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tdmvc.checks.validation.cache import CountCache, FoundBefore, cache_name

SOME, OTHER = frozenset({"p1", "p2"}), frozenset({"p3"})


def test_what_one_process_counted_the_next_one_knows(tmp_path: Path) -> None:
    path = tmp_path / "new" / "counts.sqlite"
    first = CountCache(path)
    first.remember({"t": {"p1": 3, "p2": 0}})
    first.remember_state("t", FoundBefore(SOME, OTHER, 1, 2))
    first.close()
    again = CountCache(path)
    assert again.counts("t", ["p1", "p2", "p3"]) == {"p1": 3, "p2": 0}
    assert again.counts("u", ["p1"]) == {}
    assert again.states("t") == [FoundBefore(SOME, OTHER, 1, 2)]
    again.close()


def test_without_a_path_nothing_is_kept() -> None:
    cache = CountCache()
    cache.remember({"t": {"p1": 3}})
    cache.remember_state("t", FoundBefore(SOME, OTHER, 0, 0))
    assert (cache.counts("t", ["p1"]), cache.states("t")) == ({}, [])
    cache.close()


def test_only_the_last_states_of_a_test_are_kept_and_their_parts_with_them(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    cache = CountCache(path)
    states = [FoundBefore(frozenset({f"p{number}"}), frozenset(), 0, 0) for number in range(9)]
    for state in states:
        cache.remember_state("t", state)
    assert cache.states("t") == states[:4:-1]
    cache.close()
    with sqlite3.connect(path) as database:
        # Four states, and the one of no parents.
        assert database.execute("select count(*) from state").fetchone() == (5,)


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\1" * 4096])
def test_a_damaged_file_is_forgotten(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "counts.sqlite"
    path.write_bytes(damage)
    cache = CountCache(path)
    cache.remember({"t": {"p1": 3}})
    assert cache.counts("t", ["p1"]) in ({}, {"p1": 3})
    cache.close()
    after = CountCache(path)
    after.remember({"t": {"p1": 4}})
    assert after.counts("t", ["p1"]) == {"p1": 4}
    after.close()


@pytest.mark.parametrize("value", ["abc", b"\0\xff", 0.5, -5])
def test_what_is_no_count_is_not_known(tmp_path: Path, value: object) -> None:
    path = tmp_path / "counts.sqlite"
    cache = CountCache(path)
    cache.remember({"t": {"p1": 3}})
    cache.remember_state("t", FoundBefore(SOME, OTHER, 1, 2))
    with sqlite3.connect(path) as database:
        database.execute("update counted set rows = ?", (value,))
        database.execute("update found set rows = ?", (value,))
    assert (cache.counts("t", ["p1"]), cache.states("t")) == ({}, [])
    cache.close()


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = CountCache(tmp_path / "file" / "counts.sqlite")
    cache.remember({"t": {"p1": 3}})
    assert cache.counts("t", ["p1"]) == {}
    cache.close()


def test_names_of_tests_tell_their_texts_apart() -> None:
    assert (
        len({cache_name("ab", "c"), cache_name("a", "bc"), cache_name("abc"), cache_name("ab", "c", "")}) == 4
    )
    assert cache_name("\ud800") == cache_name("\ud800")


def test_a_locked_file_is_waited_for_once_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    first = CountCache(path)
    first.remember({"t": {"p1": 3}})
    first.close()
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("begin exclusive")
        cache = CountCache(path)
        started = time.monotonic()
        for _ in range(100):
            assert cache.counts("t", ["p1"]) == {}
            cache.remember({"t": {"p1": 4}})
            assert cache.states("t") == []
        cache.close()
        assert time.monotonic() - started < 2
        holder.rollback()
    again = CountCache(path)
    assert again.counts("t", ["p1"]) == {"p1": 3}
    again.close()


def test_a_file_of_another_version_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table counted (test text, piece text)")
    for known in ({}, {"p1": 3}):
        cache = CountCache(path)
        assert cache.counts("t", ["p1"]) == known
        cache.remember({"t": {"p1": 3}})
        cache.close()
        cache = CountCache(path)
        cache.remember({"t": {"p1": 3}})
        cache.close()


def test_a_full_disk_costs_time_only(tmp_path: Path) -> None:
    cache = CountCache(tmp_path / "counts.sqlite")
    cache.remember({"t": {"p1": 3}})
    assert cache._connection is not None
    cache._connection.execute("pragma max_page_count = 1")
    cache.remember({f"t{number}": {f"p{part}": 1 for part in range(99)} for number in range(99)})
    assert cache.counts("t1", ["p1"]) == {}
    cache.close()
    again = CountCache(tmp_path / "counts.sqlite")
    assert again.counts("t", ["p1"]) == {"p1": 3}
    again.close()
