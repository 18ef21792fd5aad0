"""Where parts end."""

import pyarrow as pa

from tdmvc.store.cutting import cut

PROMISED_LENGTHS = [16, 5, 17, 9, 12, 10, 32, 19, 33, 10, 6, 9, 14, 8]


def lengths(keys: list[int], part_rows: int) -> list[int]:
    batch = pa.record_batch({"id": pa.array(keys, pa.int64())})
    return [part.table.num_rows for part in cut([batch], ("id",), part_rows=part_rows)]


def test_the_boundaries_of_a_range_of_keys_are_stable() -> None:
    assert lengths(list(range(200)), 16) == PROMISED_LENGTHS


def test_no_rows_make_no_parts() -> None:
    assert lengths([], 16) == []


def test_a_run_of_equal_keys_is_never_cut_however_long() -> None:
    parts = lengths([1] * 5 + [2] * 500 + [3] * 5, 16)
    assert sum(parts) == 510
    batch = pa.record_batch({"id": pa.array([1] * 5 + [2] * 500 + [3] * 5, pa.int64())})
    holders = [c for c in cut([batch], ("id",), part_rows=16) if 2 in c.table["id"].to_pylist()]
    assert len(holders) == 1
    assert holders[0].has_repeats


def test_only_parts_with_equal_neighbours_have_repeats() -> None:
    batch = pa.record_batch({"id": pa.array([*range(100), 99, *range(100, 200)], pa.int64())})
    flags = {c.has_repeats: c.table["id"].to_pylist() for c in cut([batch], ("id",), part_rows=16)}
    assert 99 in flags[True]
    assert all(
        not c.has_repeats or 99 in c.table["id"].to_pylist() for c in cut([batch], ("id",), part_rows=16)
    )


def test_a_stream_is_cut_before_it_has_ended() -> None:
    read: list[int] = []

    def batches():  # type: ignore[no-untyped-def]
        for number in range(100):
            read.append(number)
            yield pa.record_batch({"id": pa.array(range(number * 10, number * 10 + 10))})

    stream = cut(batches(), ("id",), part_rows=16)
    next(stream)
    assert len(read) <= 8
