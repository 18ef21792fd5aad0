"""When two JSON texts say the same."""

import pytest

from tdmvc.changes.same_value import canonical_json


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("1e0", "1.0", True),
        ("[1.50, 1e300]", "[1.5,10e299]", True),
        ("1e400", "1e500", False),
        ("0.12345678901234567890", "0.12345678901234567891", False),
        ("-0.0", "0", True),
    ],
)
def test_numbers_compare_by_value_and_keep_digits_beyond_a_float(
    one: str, other: str, *, is_same: bool
) -> None:
    assert (canonical_json(one) == canonical_json(other)) is is_same
