"""The ranges of MySQL's types of dates and times, in microseconds since 1970."""

_SECOND = 1_000_000
_LAST_32_BITS = 2**31 - 1
_LAST_UNSIGNED = 2**32 - 1
FIRST_DATETIME = -62_135_596_800 * _SECOND
"""The year 1: earlier ones are not in the calendar of MySQL, and dates of the year 0 are read as texts."""
LAST_DATETIME = 253_402_300_800 * _SECOND - 1


def timestamp_range(*, is_long: bool) -> tuple[int, int]:
    """Return the first and the last instant of `timestamp`.

    Args:
        is_long: whether it goes on until 2106, as in MariaDB 11.5 and later on 64 bits.
    """
    return _SECOND, (_LAST_UNSIGNED if is_long else _LAST_32_BITS) * _SECOND + _SECOND - 1
