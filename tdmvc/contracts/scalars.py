"""Reads single values of a contract: numbers, values of a column and bounds of a range."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, is_number
from tdmvc.model.rules import Value
from tdmvc.yaml.node import YamlNode

FORMATS: Final = frozenset(
    {
        *("email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri"),
        *("iri-reference", "uuid", "date", "time", "date-time", "duration", "regex", "json-pointer"),
        *("relative-json-pointer", "uri-template"),
    }
)
"""The formats of texts that can be tested, by JSON Schema's names."""
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_MAX_DIGITS = 400
_READERS: dict[pa.DataType, tuple[Callable[[str], dt.date | dt.time], str, str]] = {
    SIMPLE["date"]: (dt.date.fromisoformat, "date", "2026-01-31"),
    SIMPLE["time"]: (dt.time.fromisoformat, "time", "09:30:00"),
    SIMPLE["timestamp"]: (dt.datetime.fromisoformat, "timestamp", "2026-01-31T09:30:00"),
    SIMPLE["timestamptz"]: (dt.datetime.fromisoformat, "timestamp", "2026-01-31T09:30:00Z"),
}


def read_number(node: YamlNode) -> Decimal:
    """Return a number exactly as it was written."""
    text = node.value if isinstance(node.value, str) else ""
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        raise node.error("Expected a number here.", remedy="write it in digits: 10, 0.5, 1e6.")
    return Decimal(text)


def read_value(node: YamlNode, type_: pa.DataType) -> Value:
    """Return a value as one of a column's type; what is text to the column stays as it was written."""
    if node.is_null:
        return None
    text = node.as_text()
    if pa.types.is_boolean(type_):
        if text.lower() not in ("true", "false"):
            raise node.error(
                "Expected true or false here, as the column's type is bool.", remedy="write true or false."
            )
        return text.lower() == "true"
    if is_number(type_):
        number = read_number(node)
        return int(number) if number == number.to_integral_value() and abs(number) < 10**40 else number
    if type_ in _READERS:
        return read_bound(node, type_)
    return text


def read_bound(node: YamlNode, type_: pa.DataType, zone: str = "UTC") -> Value:
    """Return a bound as a value of the column's type; of a date or time, its ISO 8601 text.

    Args:
        zone: the time zone of a timestamp without one, for a column of instants. For a column without
            zones, a timestamp that has one is taken in UTC.
    """
    known = _READERS.get(type_)
    if known is None:
        return read_value(node, type_)
    parse, word, example = known
    text = node.as_text()
    try:
        moment = parse(text)
    except ValueError:
        raise node.error(f"'{text[:80]}' is not a {word}.", remedy=f"write it as in {example}.") from None
    if not isinstance(moment, dt.datetime):
        return text
    if type_ == SIMPLE["timestamptz"]:
        return (
            moment.isoformat()
            if moment.tzinfo
            else moment.replace(tzinfo=zoneinfo.ZoneInfo(zone)).isoformat()
        )
    return (moment.astimezone(dt.UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat()


def read_zone(node: YamlNode | None) -> str:
    """Return the name of a time zone; UTC without one."""
    if node is None:
        return "UTC"
    name = node.as_text()
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise node.error(
            f"'{name[:80]}' is not a known time zone.", remedy="write one as in Europe/Berlin."
        ) from None
    return name
