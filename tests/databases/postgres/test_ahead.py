"""Rows are encoded a little ahead of what is sent, table by table, and no thread outlives its use."""

import threading
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from tdmvc.databases.postgres.encoding.ahead import CopyPlan, RowEncoder
from tdmvc.databases.postgres.encoding.forms import plan_form
from tdmvc.databases.postgres.encoding.target_columns import ColumnType

_SCHEMA = pa.schema([("v", pa.string())])
_FORM = plan_form(pa.string(), ColumnType(25, "text", "text", "text", "textrecv"))
assert _FORM is not None
_PLAN = CopyPlan(("v",), (_FORM,))
_Read = Callable[[], pa.RecordBatchReader]


def _table(*texts: str, act: Callable[[int], None] = lambda place: None) -> tuple[_Read, CopyPlan]:
    """Return a table with one batch for each text."""

    def batches() -> Iterator[pa.RecordBatch]:
        for place, text in enumerate(texts):
            act(place)
            yield pa.record_batch([pa.array([text])], schema=_SCHEMA)

    return (lambda: pa.RecordBatchReader.from_batches(_SCHEMA, batches())), _PLAN


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tdmvc-encode"]


def test_the_next_table_is_read_while_one_is_sent() -> None:
    begun = threading.Event()
    with RowEncoder([_table("one"), _table("two", act=lambda place: begun.set())]) as encoder:
        first = encoder.next_table()
        assert begun.wait(10)
        assert b"one" in b"".join(first.parts())
        assert b"two" in b"".join(encoder.next_table().parts())
    assert not _threads()


def test_only_a_few_batches_wait() -> None:
    read: list[int] = []
    is_far = threading.Event()

    def note(place: int) -> None:
        read.append(place)
        if place == 2:
            is_far.set()

    with RowEncoder([_table(*map(str, range(50)), act=note)]) as encoder:
        assert is_far.wait(10)
        threading.Event().wait(0.05)
        assert read == [0, 1, 2]
        assert len(list(encoder.next_table().parts())) == 52
    assert read == list(range(50))


def test_an_error_arrives_with_the_rows_of_its_table() -> None:
    def fail(place: int) -> None:
        raise ValueError("damaged part")

    with RowEncoder([_table("one"), _table("two", act=fail)]) as encoder:
        assert b"one" in b"".join(encoder.next_table().parts())
        with pytest.raises(ValueError, match="damaged part"):
            list(encoder.next_table().parts())
    assert not _threads()


@pytest.mark.parametrize("sent", [0, 1, 3])
def test_no_thread_is_left_if_sending_ends_early(sent: int) -> None:
    with RowEncoder([_table(*"abcdefgh"), _table("two")]) as encoder:
        parts = encoder.next_table().parts()
        for _ in range(sent):
            next(parts)
        assert _threads()
    assert not _threads()


def test_rows_that_are_looked_at_first_are_sent_too() -> None:
    with RowEncoder([_table(*"abcdefgh"), _table("two")]) as encoder:
        rows = encoder.next_table()
        assert rows.has(5)
        assert rows.has(8)
        assert not rows.has(9)
        sent = b"".join(rows.parts())
        assert [sent.count(letter.encode()) for letter in "abcdefgh"] == [1] * 8
        assert not encoder.next_table().has(2)


def test_wide_rows_are_encoded_few_at_a_time() -> None:
    wide = pa.array(["x" * 100_000] * 500)
    table = pa.table([wide], schema=_SCHEMA)
    with RowEncoder([(table.to_reader, _PLAN)]) as encoder:
        sizes = [len(part) for part in encoder.next_table().parts()]
    assert sum(sizes) > 500 * 100_000
    assert max(sizes) < 20_000_000
