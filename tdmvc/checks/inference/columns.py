"""Rules about the values of single columns that their profiles suggest."""

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import takewhile

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.checks.inference.names import is_identifier, words
from tdmvc.checks.inference.profile import ColumnProfile, TableProfile
from tdmvc.model.inference import Proposal
from tdmvc.model.rules import Format, Length, Pattern, Range, Required, Rule, RuleTest, Value, Values, rule_id
from tdmvc.model.text import number, plural

_EACH_VALUE = 10
"""How often values of a list must appear on average."""
_DIFFERENT = 5
"""How many different texts must have one shape."""
_TOUCHING = 3
"""How many values must lie on a bound."""
_LENGTHS = (10, 20, 50, 100, 200)
_ROOM = 2
"""How many times as long as the longest text a limit is."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
"""The years of dates that are meant, in almost all data."""
_KEPT_BY_DATABASES = frozenset(
    {"create", "created", "insert", "inserted", "update", "updated", "modified", "deleted", "changed"}
)
"""Words of columns that a clock fills in, which never stand for no date."""
_PERCENT = frozenset({"percent", "percentage", "pct"})
_SHARE = frozenset({"share", "ratio", "probability", "fraction"})
_ANGLES = {"latitude": 90, "lat": 90, "longitude": 180, "lon": 180, "lng": 180}
_KINDS = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}


def propose_for_columns(profile: TableProfile, minimum_rows: int) -> Iterator[Proposal]:
    """Yield rules about single columns, the strongest first; values of hidden columns suggest nothing."""
    for column in profile.columns:
        if column.values < minimum_rows:
            continue
        if column.values == profile.rows:
            evidence = f"no null in {plural(profile.rows, 'row')}"
            yield _proposal(profile, column, Required(), "required", evidence)
        if column.is_hidden:
            continue
        if pa.types.is_string(column.column.type) and not column.column.is_json:
            yield from _texts(profile, column)
        elif is_number(column.column.type) and not _names_rows(profile, column):
            yield from _numbers(profile, column)
        elif column.years is not None:
            yield from _dates(profile, column, column.years)


def _proposal(
    profile: TableProfile, column: ColumnProfile, test: RuleTest, word: str, evidence: str
) -> Proposal:
    names, table = (column.column.name,), profile.schema.name
    rule = Rule(rule_id(table, names, word), table, names, test)
    return Proposal(rule, evidence, column.values)


def _names_rows(profile: TableProfile, column: ColumnProfile) -> bool:
    """Whether the numbers of a column are names of rows, which have no order."""
    name = column.column.name
    referring = {one for reference in profile.schema.references for one in reference.columns}
    return name in profile.schema.key or name in referring or is_identifier(name)


def _texts(profile: TableProfile, column: ColumnProfile) -> Iterator[Proposal]:
    counts = column.counts
    if column.column.physical_type == "tsvector":
        return
    if counts and _is_list(column, counts):
        rarest = min(counts.values())
        evidence = f"{len(counts)} different values, each in {plural(rarest, 'row')} or more"
        test: RuleTest = Values(tuple(sorted(counts)))
        yield _proposal(profile, column, test, "invalidValues", evidence)
        return
    seen = f"{plural(column.values, 'text')}, about {number(min(column.distinct, column.values))} different"
    for name in column.formats:
        yield _proposal(profile, column, Format(name), "format", f"all {seen}")
        return
    pattern = _pattern(column)
    if pattern is not None:
        evidence = f"one shape in all {seen}"
        yield _proposal(profile, column, Pattern(pattern), "pattern", evidence)
        return
    if column.shortest:
        evidence = f"no empty text among {number(column.values)}"
        yield _proposal(profile, column, Length(minimum=1), "minLength", evidence)
    limit = next((one for one in _LENGTHS if column.longest and one >= column.longest * _ROOM), None)
    has_limit = column.column.length_limit is not None
    if limit is not None and not has_limit and column.distinct >= _DIFFERENT:
        evidence = (
            f"the longest of {plural(column.values, 'text')} has {plural(column.longest or 0, 'character')}"
        )
        yield _proposal(profile, column, Length(maximum=limit), "length", evidence)


def _is_list(column: ColumnProfile, counts: Mapping[str, int]) -> bool:
    """Whether the values are a closed list, as far as one can tell: all of them were seen again and again."""
    return len(counts) > 1 and min(counts.values()) > 1 and column.values >= _EACH_VALUE * len(counts)


def _pattern(column: ColumnProfile) -> str | None:
    """Return a regular expression for texts of one shape that is more than words; None if there is none."""
    if column.distinct < _DIFFERENT or not column.longest:
        return None
    smallest, greatest = str(column.smallest), str(column.greatest)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(smallest, greatest, strict=False))
    prefix = "".join(one for one, _ in same)
    if column.shape is not None and column.shape == _shape(smallest):
        if not re.search(r"[9A]", column.shape) or not _is_telling(column.shape):
            return None
        return f"^{_expression(column.shape, prefix, is_exact=True)}$"
    loose = column.loose_shape
    if loose is None or not _is_telling(loose) or "9" not in loose:
        return None
    return f"^{_expression(loose, _whole_runs(prefix), is_exact=False)}$"


def _is_telling(shape: str) -> bool:
    """Whether a shape is ASCII and more than a word: it has digits and something else, or only capitals or digits."""
    if not shape.isascii() or "\n" in shape or " " in shape:
        return False
    return bool(re.search("9", shape)) or re.fullmatch(r"A{2,4}", shape) is not None


def _shape(text: str) -> str:
    return re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "9", text)))


def _whole_runs(prefix: str) -> str:
    """Return a common beginning without the run that it may have cut."""
    return re.sub(r"([0-9]+|[A-Z]+|[a-z]+)$", "", prefix)


def _expression(shape: str, prefix: str, *, is_exact: bool) -> str:
    """Return the expression for a shape; letters that all texts begin with stay as they are."""
    # Digits vary by nature, even if the first ones of a sample are the same.
    literal = re.sub("[0-9].*", "", prefix)
    rest = shape[len(literal) if is_exact else len(_loose(_shape(literal))) :]
    pieces = (
        (f"{_KINDS[run[0]]}{_times(len(run), is_exact=is_exact)}" if run[0] in _KINDS else re.escape(run))
        for run in re.findall(r"9+|A+|a+|[^9Aa]+", rest)
    )
    return re.escape(literal).replace(r"\-", "-") + "".join(pieces).replace(r"\-", "-")


def _loose(shape: str) -> str:
    return re.sub("a+", "a", re.sub("A+", "A", re.sub("9+", "9", shape)))


def _times(count: int, *, is_exact: bool) -> str:
    if not is_exact:
        return "+"
    return "" if count == 1 else f"{{{count}}}"


def _dates(profile: TableProfile, column: ColumnProfile, years: tuple[int, int]) -> Iterator[Proposal]:
    """Yield bounds that keep out what stands for no date, such as 0001-01-01 and 9999-12-31; none is about today."""
    is_usual = years[0] > _FIRST_YEAR and years[1] < _LAST_YEAR
    if not is_usual or not _KEPT_BY_DATABASES.isdisjoint(words(column.column.name)):
        return
    type_ = column.column.type
    time = "" if pa.types.is_date(type_) else "T00:00:00Z" if type_.tz is not None else "T00:00:00"
    test = Range(f"{_FIRST_YEAR}-01-01{time}", f"{_LAST_YEAR + 1}-01-01{time}", excludes_maximum=True)
    word = "date" if pa.types.is_date(type_) else "time"
    seen = f"{plural(column.values, word)}, about {number(min(column.distinct, column.values))} different"
    between = f"in {years[0]}" if years[0] == years[1] else f"from {years[0]} to {years[1]}"
    yield _proposal(profile, column, test, "range", f"{seen}, {between}, and none that stands for no {word}")


def _numbers(profile: TableProfile, column: ColumnProfile) -> Iterator[Proposal]:
    low, high = _decimal(column.smallest), _decimal(column.greatest)
    if low is None or high is None:
        return
    found = _bounds(column, low, high)
    if found == (None, None):
        return
    test = Range(_value(found[0], column), _value(found[1], column))
    seen = f"{plural(column.values, 'number')}, about {number(min(column.distinct, column.values))} different"
    evidence = f"{seen}, from {low:f} to {high:f}"
    yield _proposal(profile, column, test, "range", evidence)


def _bounds(column: ColumnProfile, low: Decimal, high: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Return bounds that are natural, and not only where a sample ends."""
    name = set(words(column.column.name))
    for word, bound in _ANGLES.items():
        if word in name and -bound <= low and high <= bound:
            return Decimal(-bound), Decimal(bound)
    if low < 0:
        return None, None
    if name & _PERCENT and high <= 100:
        return Decimal(0), Decimal(100)
    if name & _SHARE and high <= 1:
        return Decimal(0), Decimal(1)
    is_whole = pa.types.is_integer(column.column.type)
    if "year" in name:
        is_usual = is_whole and low > _FIRST_YEAR and high < _LAST_YEAR
        return (Decimal(_FIRST_YEAR), Decimal(_LAST_YEAR)) if is_usual else (None, None)
    if is_whole and low == 0 and high == 1 and min(column.zeros, column.ones) >= _TOUCHING:
        return low, high
    least = Decimal(1) if is_whole and low == 1 and column.ones >= _TOUCHING else Decimal(0)
    return least, _most(column, least, high) if is_whole else None


def _most(column: ColumnProfile, least: Decimal, high: Decimal) -> Decimal | None:
    """Return the greatest integer if it seems to be a limit: a round number, or the end of a dense scale."""
    places = int(high) - int(least) + 1
    is_often = column.values >= _EACH_VALUE * max(column.distinct, 1)
    if 3 <= places <= 100 and column.distinct >= places and is_often:
        return high
    digits = str(int(high)).rstrip("0")
    is_round = len(digits) == 1 and high >= 10
    return high if is_round and column.distinct >= places * 0.9 and is_often else None


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, float):
        return Decimal(str(value)) if math.isfinite(value) else None
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _value(bound: Decimal | None, column: ColumnProfile) -> Value:
    if bound is None:
        return None
    return int(bound) if pa.types.is_integer(column.column.type) else bound
