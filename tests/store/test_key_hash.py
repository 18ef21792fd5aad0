"""The key hash: golden vectors that must never change, because they decide where parts end."""

import pyarrow as pa
import pytest

from tdmvc.store.key_hash import key_hash
from tests.store.sample_columns import VALUES, sample

NULL = "c8c8b0a763df3b7f"
PROMISED = {
    "bool": ("48e7152aa5c16c63", "55e92632239a30ad"),
    "int8": ("6aa1b62a75ce74e2", "76eb9634c94bb047"),
    "int16": ("c3ff447af9fce328", "3a4d8654ec60492a"),
    "int32": ("345b764cdc0d3768", "308313450ddff06f"),
    "int64": ("60735124f5ca94fe", "53846b88cd282b90"),
    "uint8": ("55e92632239a30ad", "82f4d4635e7ee26a"),
    "uint16": ("55e92632239a30ad", "3ba90402407f8c0e"),
    "uint32": ("55e92632239a30ad", "605b807daed9989c"),
    "uint64": ("55e92632239a30ad", "be2d74c6c03a9235"),
    "float32": ("d08eff92f19e3d20", "463e6cca1615d60d"),
    "float64": ("cdd5bbe01875dffb", "c240d47902dcb712"),
    "decimal(9,2)": ("370ea2ee005ad553", "55e92632239a30ad"),
    "decimal(38,10)": ("b689cdefe751067d", "41959cf5ec4d1eb8"),
    "string": ("55e92632239a30ad", "4a22735c5cf71cde"),
    "binary": ("55e92632239a30ad", "d5a15158bfad5413"),
    "date": ("6248467770396d2b", "4bca5ad16f1537c5"),
    "time": ("55e92632239a30ad", "4e49b2aac88e27d0"),
    "timestamp": ("be2d74c6c03a9235", "593a467b19f1697e"),
    "timestamptz": ("55e92632239a30ad", "ab6a29260307dd7d"),
    "list<int32>": ("55e92632239a30ad", "df0887a509b21e59"),
    "list<list<string>>": ("dffc4106d8a3e507", "55e92632239a30ad"),
    "struct<a: int64, b: string>": ("b31f7b3a6fb04fe1", "4a48b1443044d423"),
    "list<struct<n: float64, deep: list<bool>>>": ("5c631dc9c691f589", "55e92632239a30ad"),
}
"""By type, the hashes of the first and the last sample value."""


def hexes(*columns: pa.Array) -> list[str]:
    return [f"{int(h):016x}" for h in key_hash(list(columns))]


@pytest.mark.parametrize("spelling", VALUES)
def test_the_key_hash_of_every_type_is_stable(spelling: str) -> None:
    first, last = PROMISED[spelling]
    assert hexes(sample(spelling)) == [first, NULL, last]


def test_the_hash_of_several_columns_depends_on_their_order() -> None:
    numbers, texts = pa.array([1, 2]), pa.array(["a", "b"])
    assert hexes(numbers, texts) == ["6c0b4accaf793b31", "a0e1e28c9757574c"]
    assert hexes(texts, numbers) != hexes(numbers, texts)


def test_long_texts_are_hashed_separately_and_do_not_affect_neighbours() -> None:
    mixed = pa.array(["x" * 1024, "x" * 1025, "y"])
    assert hexes(mixed) == ["ee3f94453ee747a7", "e93dcc59ebeae1e1", "d454523dc5c61c2d"]
    assert hexes(mixed.slice(0, 1)) + hexes(mixed.slice(1, 1)) + hexes(mixed.slice(2)) == hexes(mixed)


@pytest.mark.parametrize("spelling", VALUES)
def test_a_rows_hash_does_not_depend_on_the_rows_around_it(spelling: str) -> None:
    padded = pa.concat_arrays([sample(spelling)] * 3)
    assert hexes(padded.slice(4, 4)) == hexes(padded)[4:8]
    assert hexes(padded.slice(0, 0)) == []


def test_integers_and_floats_of_any_width_have_equal_hashes() -> None:
    for width in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint64()):
        assert hexes(pa.array([5, 100], width)) == hexes(pa.array([5, 100], pa.int64()))
    assert hexes(pa.array([1.5], pa.float32())) == hexes(pa.array([1.5], pa.float64()))


def test_hashes_spread_evenly() -> None:
    hashes = key_hash([pa.array(range(100_000))])
    below = (hashes < 2**64 // 100).sum()
    assert 800 < below < 1200
    texts = key_hash([pa.array([f"order-{n:08d}" for n in range(100_000)])])
    assert 800 < (texts < 2**64 // 100).sum() < 1200
    assert len(set(texts.tolist())) == 100_000
