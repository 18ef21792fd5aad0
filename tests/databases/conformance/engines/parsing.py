"""The texts that servers send, as Python values: what a reader must find, written without it."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import format_type


def parse(text: str | bytes | None, type_: pa.DataType) -> object:
    """Return the value of a canonical type that a server's text means; see `ReadTable.values`."""
    if text is None:
        return None
    if pa.types.is_binary(type_):
        return text if isinstance(text, bytes) else bytes.fromhex(text.removeprefix("\\x"))
    if isinstance(text, bytes):
        text = text.decode()
    if pa.types.is_list(type_):
        return [parse(item, type_.value_type) for item in array_items(text)]
    name = "decimal" if pa.types.is_decimal(type_) else format_type(type_)
    read = _READ.get(name, int if pa.types.is_integer(type_) else str)
    return read(text)


def array_items(text: str) -> list[str | None]:
    """Return the items of PostgreSQL's text of an array with one dimension."""
    found = []
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', text, re.DOTALL):
        if plain:
            found.append(None if plain == "NULL" else plain)
        else:
            found.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
    return found


def _float32(text: str) -> object:
    return pa.scalar(float(text), pa.float32()).as_py()


def _date(text: str) -> object:
    return _far(text) or dt.date.fromisoformat(text)


def _timestamp(text: str) -> object:
    return _far(text) or dt.datetime.fromisoformat(text)


def _instant(text: str) -> object:
    if far := _far(text):
        return far
    value = dt.datetime.fromisoformat(text)
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _far(text: str) -> str | None:
    """Return a date or time that Python lacks as tdmvc shows it: years count from 0, and infinity is a word."""
    found = re.fullmatch(r"(\d{4,})(-\d\d-\d\d)( [\d:]+)?(\.\d+)?(?:\+00)?( BC)?", text)
    if found is None:
        return text if text in ("infinity", "-infinity") else None
    year, day, time, fraction, is_before = found.groups()
    if len(year) == 4 and not is_before:
        return None
    number = 1 - int(year) if is_before else int(year)
    text = f"{'-' if number < 0 else ''}{abs(number):04}{day}"
    return text if time is None else f"{text}{time}{(fraction or '.').ljust(7, '0')}"


def _microseconds(text: str) -> int:
    """Return a time as a number, because Python lacks 24:00."""
    hour, minute, second = text.split(":")
    return round((int(hour) * 3600 + int(minute) * 60 + Decimal(second)) * 1_000_000)


_READ: dict[str, Callable[[str], object]] = {
    "bool": lambda text: text in ("t", "true", "1"),
    "float32": _float32,
    "float64": float,
    "decimal": Decimal,
    "date": _date,
    "time": _microseconds,
    "timestamp": _timestamp,
    "timestamptz": _instant,
}
