"""The texts that servers send, as Python values: what a reader must find, written without it."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import format_type


def parse(text: str | bytes | None, type_: pa.DataType) -> object:
    """Return the value of a canonical type that a server's text means."""
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


def _instant(text: str) -> object:
    value = dt.datetime.fromisoformat(text)
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


_READ: dict[str, Callable[[str], object]] = {
    "bool": lambda text: text in ("t", "true", "1"),
    "float32": _float32,
    "float64": float,
    "decimal": Decimal,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "timestamp": dt.datetime.fromisoformat,
    "timestamptz": _instant,
}
