"""Masks, positions and kernels against what plain Python says."""

import math

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.changes import kernels
from tdmvc.changes.kernels import (
    both,
    chosen,
    count_up,
    either,
    first_of,
    inverse,
    mask_at,
    only,
    positions_of,
    set_flags,
    uniform,
)
from tdmvc.changes.walk.alignment import Alignment, SideRows, align

flags = st.lists(st.booleans(), max_size=40)
texts = st.lists(st.sampled_from([None, "", "a", "A", "b", "ab"]), max_size=30)
floats = st.lists(st.sampled_from([None, math.nan, 0.0, -0.0, 1.5, math.inf]), max_size=30)


def sliced(values, type_):
    """An array that does not begin at its buffers' first slot."""
    return pa.array([None, *values], type_).slice(1)


def unlike(old, new):
    both_nan = isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new)
    return not both_nan and (old is None or new is None or old != new) and not (old is None and new is None)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_masks_combine_as_booleans_do(pairs):
    left, right = (sliced([pair[side] for pair in pairs], pa.bool_()) for side in (0, 1))
    assert both(left, right).to_pylist() == [a and b for a, b in pairs]
    assert either(left, right).to_pylist() == [a or b for a, b in pairs]
    assert only(left, right).to_pylist() == [a and not b for a, b in pairs]
    assert inverse(left).to_pylist() == [not a for a, _ in pairs]


@settings(deadline=None)
@given(flags)
def test_positions_and_masks_are_each_others_inverse(values):
    mask = sliced(values, pa.bool_())
    places = [place for place, value in enumerate(values) if value]
    assert positions_of(mask).to_pylist() == places
    assert mask_at(reversed(places), len(values)).to_pylist() == values
    assert first_of(mask) == (places[0] if places else -1)
    assert count_up(len(values)).to_pylist() == list(range(len(values)))
    assert chosen(count_up(len(values)), mask).to_pylist() == places
    assert uniform(len(values), is_set=True).true_count == len(values)


def test_a_null_flag_is_not_set():
    assert set_flags(pa.array([True, None, False])).to_pylist() == [True, False, False]


@settings(deadline=None)
@given(st.one_of(st.tuples(texts, texts), st.tuples(floats, floats)))
def test_cells_differ_as_values_do(sides):
    rows = min(map(len, sides))
    old, new = (side[:rows] for side in sides)
    type_ = pa.float64() if any(isinstance(v, float) for v in [*old, *new]) else pa.string()
    found = kernels.differing(sliced(old, type_), sliced(new, type_))
    assert found.to_pylist() == [unlike(a, b) for a, b in zip(old, new, strict=True)]


@settings(deadline=None)
@given(texts, texts)
def test_dictionaries_with_different_codes_compare_by_their_values(old, new):
    rows = min(len(old), len(new))
    old, new = old[:rows], new[:rows]
    codes = kernels.shared_codes(*(pa.array(side, pa.string()).dictionary_encode() for side in (old, new)))
    assert kernels.differing(*codes).to_pylist() == [a != b for a, b in zip(old, new, strict=True)]


@settings(deadline=None)
@given(texts, texts)
def test_pairs_of_values_are_counted_in_order_of_appearance(old, new):
    pairs = list(zip(old, new, strict=False))
    counts: dict = {}
    for pair in pairs:
        counts[pair] = counts.get(pair, 0) + 1
    first, times = kernels.distinct_pairs(
        pa.array([a for a, _ in pairs], pa.string()), pa.array([b for _, b in pairs], pa.string())
    )
    assert [pairs[place] for place in first.to_pylist()] == list(counts)
    assert first.to_pylist() == [pairs.index(pair) for pair in counts]
    assert times.to_pylist() == list(counts.values())


keys = st.lists(st.integers(0, 300), unique=True, max_size=200).map(sorted)


@settings(deadline=None)
@given(keys, keys, st.sampled_from([pa.int16(), pa.date32(), pa.string()]))
def test_matches_are_the_keys_of_both_sides(old, new, type_):
    def column(numbers):
        values = [f"{n:04}" for n in numbers] if type_ == pa.string() else numbers
        return pa.array(values, pa.int32() if type_ == pa.date32() else type_).cast(type_)

    found = align([column(old)], [column(new)])
    assert found.old.alone.to_pylist() == [i for i, key in enumerate(old) if key not in new]
    assert found.new.alone.to_pylist() == [i for i, key in enumerate(new) if key not in old]
    matches = [key for key in old if key in new]
    for rows, side in ((found.old, old), (found.new, new)):
        assert rows.matched(pa.array(side, pa.int64())).to_pylist() == matches
        places = rows.rows_of(count_up(len(matches))).to_pylist()
        assert [side[place] for place in places] == matches


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=65, max_size=700))
def test_matches_are_the_same_for_slices_and_copies(flags):
    few = [flag or place % 65 > 0 for place, flag in enumerate(flags)]
    for matches in (flags, few):
        rows = SideRows.of(pa.array(matches, pa.bool_()))
        expected = [place for place, is_twin in enumerate(matches) if is_twin]
        assert rows.matched(count_up(len(matches))).to_pylist() == expected


def test_no_alignment_means_row_by_row():
    assert Alignment().old.matched(count_up(3)).to_pylist() == [0, 1, 2]
