"""The content hash: golden vectors that must never change, and what it must not see."""

import hashlib

import pyarrow as pa
import pytest

from tdmvc.store.content import dataset_content, part_content, schema_content, table_content
from tests.store.sample_columns import VALUES, canonical_type, sample

PROMISED = {
    "bool": "e7f60ef6c85394806ce53a5f7045d01b4baaea93031cb46429583c07c7f44c2a",
    "int8": "bd40907babe4745cb59b8a5826df7d87a7847dc7c789e3d79ca6ea825ba3688d",
    "int16": "b8de25ba07dc513ba11607258cefc35bb0f2f6c83761613a67cfe412335def1b",
    "int32": "d215ee3b463b9870b187d0ae14ffae99ece2f7fef793cb6bb03d7f93cc940d64",
    "int64": "115dd77cc7187e18cb3d162425d1a057b1891f373b80e50136d1ad99887e2ba3",
    "uint8": "e9aaed8e36a72967498a6787f10750f2b4ea24fd4831e0b5b3aebc67cef06b4e",
    "uint16": "6234e3d12181076010fce7fb004ccdeb5c08c7eb0e57625c8bad74d71f2b8b9c",
    "uint32": "c56ff1f37f2096275289ef35ce1946e78a3f994f3da995be99c88a13e50d0f50",
    "uint64": "6f999fd26b6dac353f0d871408448c4ba77d786a239f92ae21b49361bbac64ce",
    "float32": "d49595a2cac9d8af42ffd06e00f9631f613c6545c959c06c654d81deebb9dad5",
    "float64": "89f620a18d28e372c88500df2c54aa05c4b5fe4d7f3bc21b2ace87f5bdc3c5a1",
    "decimal(9,2)": "bb78ddd304ea294c68382b99680491e7da35056e7c34c13b642838dfd204498b",
    "decimal(38,10)": "42ff11a3603cc28de202520b5b437ed608afe6fcff09e180f32a2cc57490882e",
    "string": "a265acb9b4f5635b78d91d1e646e9f09880ac72867b3b27de9bc9d0101d6790d",
    "binary": "96889b06e8bcc61eaab678050bd4cd57b3feff7d3a99d388f489c682552eff33",
    "date": "b4b1f29cfad37ca23bf5ff6d13814d721beb51e76d2d143d3824ce4d7d3157ad",
    "time": "c2de0d87e9cdcef770f8665c994d3b23f43540e12b685319a3b25be2d10a2212",
    "timestamp": "de5aabcfdc00d102aee14b19cb39108b5463e81e114a2a9412a2e185b39e94bf",
    "timestamptz": "9cfb7be72daeece27ecd090eb67fee08e33814eb397e02fd60ed9fe25a9aa4c5",
    "list<int32>": "8453ee699b923309b0f3f246a4edbba256231193ca33a0dd0335ab8af90c31d4",
    "list<list<string>>": "69f6484ab014a1a0d8af043284893639d19a288461be9e72a819ec46fc229eee",
    "struct<a: int64, b: string>": "b952221eee452c9116a00e80d78ae96cf800232ccc7a4ce751dbd1c54e055719",
    "list<struct<n: float64, deep: list<bool>>>": "d223e070b903841159aedca80471a0f6de6042a321806f1e90deea5dfa94043e",
}
"""By type, the content of a part with the sample values in a column `c`. These name parts in people's repositories."""


@pytest.mark.parametrize("spelling", VALUES)
def test_the_content_hash_of_every_type_is_stable(spelling: str) -> None:
    assert part_content(pa.table({"c": sample(spelling)})) == PROMISED[spelling]


def test_the_content_hash_of_a_part_without_rows_is_stable() -> None:
    empty = pa.table({"id": pa.array([], pa.int64())})
    assert part_content(empty) == "1e569ec4d9c65c2e768c789e5e92273052a5a9b2e616254b7edf780556c9a686"


def test_the_hash_can_be_computed_by_hand_from_the_documented_bytes() -> None:
    numbers = b"\x00" + b"".join(n.to_bytes(8, "little", signed=True) for n in (7, -1))
    texts = b"\x01" + bytes([0b10]) + (0).to_bytes(4, "little") + (2).to_bytes(4, "little") + "é".encode()
    expected = hashlib.sha256(b'tdmvc.part/1\n[["id","int64"],["name","string"]]\n2\n')
    expected.update(hashlib.sha256(numbers).digest() + hashlib.sha256(texts).digest())
    table = pa.table({"id": pa.array([7, -1], pa.int64()), "name": [None, "é"]})
    assert part_content(table) == expected.hexdigest()


@pytest.mark.parametrize("spelling", VALUES)
def test_slices_and_chunks_do_not_matter(spelling: str) -> None:
    padded = pa.concat_arrays([sample(spelling)] * 3)
    plain = pa.table({"c": pa.array(VALUES[spelling] * 2, canonical_type(spelling))})
    sliced = pa.table({"c": padded.slice(3, 6)})
    chunked = pa.table({"c": pa.chunked_array([padded.slice(0, 1), padded.slice(1, 4), padded.slice(5, 1)])})
    none = pa.table({"c": pa.chunked_array([], canonical_type(spelling))})
    assert part_content(sliced) == part_content(plain)
    assert part_content(chunked) == part_content(plain)
    assert part_content(none) == part_content(plain.slice(0, 0))


def test_values_under_a_null_do_not_matter() -> None:
    garbage = pa.Array.from_buffers(
        pa.int64(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer((1).to_bytes(8, "little") + b"garbage!")]
    )
    assert garbage.to_pylist() == [1, None]
    clean = pa.table({"c": pa.array([1, None], pa.int64())})
    assert part_content(pa.table({"c": garbage})) == part_content(clean)


def test_rows_under_a_null_list_or_struct_do_not_matter() -> None:
    child = pa.array([1, 2, 3], pa.int32())
    mask = pa.array([False, True])
    hidden_list = pa.ListArray.from_arrays(pa.array([0, 1, 3], pa.int32()), child, mask=mask)
    hidden_struct = pa.StructArray.from_arrays([pa.array([1, 2])], names=["a"], mask=mask)
    for hidden in (hidden_list, hidden_struct):
        plain = pa.array(hidden.to_pylist(), hidden.type)
        assert part_content(pa.table({"c": hidden})) == part_content(pa.table({"c": plain}))


def test_moving_bytes_between_neighbouring_texts_changes_the_hash() -> None:
    contents = {part_content(pa.table({"c": texts})) for texts in (["ab", "c"], ["a", "bc"], ["", "abc"])}
    assert len(contents) == 3


def test_a_null_an_empty_text_and_an_empty_list_are_different() -> None:
    assert part_content(pa.table({"c": pa.array([None], pa.string())})) != part_content(pa.table({"c": [""]}))
    lists = pa.list_(pa.int64())
    contents = [part_content(pa.table({"c": pa.array([v], lists)})) for v in (None, [], [None], [0])]
    assert len(set(contents)) == 4


def test_names_types_and_the_order_of_columns_are_part_of_the_content() -> None:
    tables = [
        pa.table({"a": pa.array([1], pa.int64()), "b": pa.array([1], pa.int64())}),
        pa.table({"b": pa.array([1], pa.int64()), "a": pa.array([1], pa.int64())}),
        pa.table({"a": pa.array([1], pa.int32()), "b": pa.array([1], pa.int64())}),
        pa.table({"a": pa.array([1], pa.int64()), "c": pa.array([1], pa.int64())}),
    ]
    assert len({part_content(table) for table in tables}) == 4


def test_arrow_metadata_is_no_content() -> None:
    plain = pa.table({"a": [1]})
    labelled = plain.replace_schema_metadata({"pandas": "{}"})
    assert part_content(labelled) == part_content(plain)


def test_the_order_of_parts_and_tables_does_not_matter_but_their_names_do() -> None:
    assert table_content(["a", "b"]) == table_content(["b", "a"])
    assert (
        table_content(["a", "b"]) == "sha256:545afbdfc4a011fac15920ec8829acf9c54d5e06421e1c442a8f85ce7783d04f"
    )
    assert table_content(["a"]) != table_content(["a", "a-2"])
    assert dataset_content({"a": "1", "b": "2"}) == dataset_content({"b": "2", "a": "1"})
    assert dataset_content({"a": "1", "b": "2"}) == (
        "sha256:756001290eae48cf7f59abe7db145c95cc25778441c2b825313ad3c6328b211c"
    )
    assert dataset_content({"a": "1"}) != dataset_content({"b": "1"})


def test_the_hash_of_a_schema_is_stable() -> None:
    schema = pa.schema([("id", pa.int64()), ("名", pa.string())])
    assert schema_content(schema) == "sha256:5ce5293c5203349817421944d69bacd6807d9e5f867245a3641e2606b88e995d"
