"""Measures how far two distributions differ, and how far they would by chance alone.

The population stability index of shares p and q is Σ (q - p) · ln(q / p). Credit scoring
calls 0.1 a small shift and 0.25 a large one (Siddiqi, Credit Risk Scorecards, 2006); between
unchanged samples of n and m rows it still is about (1/n + 1/m) · χ² with one degree of freedom
less than there are buckets (Yurdakul and Naranjo, Statistical properties of the population
stability index, 2020). So a threshold holds only if chance stays below it.
"""

import math
from collections.abc import Sequence

PSI_THRESHOLD = 0.2
"""Between the two limits of credit scoring: a person should look."""
NULLS_THRESHOLD = 0.05
_LEAST_NULL_ROWS = 10
"""Fewer rows than this are read one by one."""

_SMOOTHING = 0.5
"""Added to the count of each bucket, so that an empty one weighs little instead of without end."""
_ONE_IN_A_THOUSAND = 3.0902
"""The normal quantile of 0.999."""


def stability_index(old: Sequence[int], new: Sequence[int]) -> float:
    """Return the population stability index of two rows of bucket counts, smoothed by half a row a bucket."""
    olds, news = sum(old) + _SMOOTHING * len(old), sum(new) + _SMOOTHING * len(new)
    index = 0.0
    for before, after in zip(old, new, strict=True):
        p, q = (before + _SMOOTHING) / olds, (after + _SMOOTHING) / news
        index += (q - p) * math.log(q / p)
    return index


def index_threshold(buckets: int, old_rows: int, new_rows: int) -> float:
    """Return what the index must pass: never what chance gives more than once in a thousand times."""
    chance = (1 / old_rows + 1 / new_rows) * _chi_square(buckets - 1)
    return max(PSI_THRESHOLD, chance)


def nulls_threshold(old_nulls: int, new_nulls: int, old_rows: int, new_rows: int) -> float:
    """Return what the difference of the shares of nulls must pass: as above, and ten rows at least."""
    pooled = (old_nulls + new_nulls) / (old_rows + new_rows)
    chance = _ONE_IN_A_THOUSAND * math.sqrt(pooled * (1 - pooled) * (1 / old_rows + 1 / new_rows))
    return max(NULLS_THRESHOLD, chance, (_LEAST_NULL_ROWS - 0.5) / min(old_rows, new_rows))


def _chi_square(degrees: int) -> float:
    """Return the 0.999 quantile by Wilson and Hilferty's approximation (1931)."""
    if degrees <= 0:
        return 0.0
    spread = 2 / (9 * degrees)
    return degrees * (1 - spread + _ONE_IN_A_THOUSAND * math.sqrt(spread)) ** 3
