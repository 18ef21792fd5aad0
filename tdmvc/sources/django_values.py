"""The values of Django's fields: as a fixture writes them, and as a table holds them."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from tdmvc.arrow.types import MAX_INT64, MIN_INT64, SIMPLE, decimal_type
from tdmvc.model.django_models import ModelField
from tdmvc.model.schema import Column
from tdmvc.sources.json import check_text, json_text

_INTEGERS = frozenset(
    f"{sign}{size}IntegerField" for sign in ("", "Positive") for size in ("", "Small", "Big")
) | {"AutoField", "BigAutoField", "SmallAutoField"}
_TEXTS = frozenset(
    f"{name}Field"
    for name in ("Char", "Text", "Slug", "Email", "URL", "File", "Image", "FilePath", "GenericIPAddress")
)
_LIMITED = _TEXTS - {"TextField", "GenericIPAddressField"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?)\s*(Z|[+-]\d\d(?::?\d\d)?)?"
)
_PLAIN_UUID = re.compile(r"[0-9a-f]{32}")
"""How SQLite and MySQL hold it."""
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


@dataclass(frozen=True, slots=True)
class FieldType:
    """How a table holds the values of a field."""

    column: Column
    read: Callable[[object], object]
    """Returns what Arrow takes for a value of a fixture; raises ValueError if the type does not hold it exactly."""


def field_types(field: ModelField, name: str) -> list[FieldType]:
    """Return the types that a field's column may have, the preferred one first; none if its class is not known."""
    kind = field.kind
    if kind in _INTEGERS:
        return [FieldType(Column(name, SIMPLE["int64"]), _integer)]
    if kind in ("BooleanField", "NullBooleanField"):
        return [FieldType(Column(name, SIMPLE["bool"]), _boolean)]
    if kind in _TEXTS:
        length = f"varchar({field.max_length})" if kind in _LIMITED and field.max_length else None
        return [FieldType(Column(name, SIMPLE["string"], physical_type=length), _text)]
    if kind == "FloatField":
        return [FieldType(Column(name, SIMPLE["float64"]), _float)]
    if kind == "DecimalField":
        return _decimal_types(field, name)
    if kind == "DateTimeField":
        return [
            FieldType(Column(name, SIMPLE["timestamptz"]), _instant),
            FieldType(Column(name, SIMPLE["timestamp"]), _local_time),
        ]
    if kind == "DateField":
        return [FieldType(Column(name, SIMPLE["date"]), _date)]
    if kind == "TimeField":
        return [FieldType(Column(name, SIMPLE["time"]), _time)]
    if kind == "UUIDField":
        return [FieldType(Column(name, SIMPLE["string"], physical_type="uuid"), _uuid)]
    if kind == "BinaryField":
        return [FieldType(Column(name, SIMPLE["binary"]), _binary)]
    if kind == "JSONField":
        return [FieldType(Column(name, SIMPLE["string"], physical_type="json"), json_text)]
    return []


def fixture_value(
    value: object, column: Column, field: ModelField | None, *, has_time_zones: bool = True
) -> object:
    """Return a value of a table as a fixture writes it; its JSON comes from `json_text`.

    Args:
        field: the one whose values the column holds, if its model is known.
        has_time_zones: whether times of a database without time zones are in UTC.
    """
    kind = field.kind if field else ""
    match value:
        case None | bool():
            return value
        case str() if kind == "JSONField" or column.is_json:
            return _parsed(value)
        case str() if kind == "UUIDField" and _PLAIN_UUID.fullmatch(value):
            return str(UUID(value))
        case int() if kind in ("BooleanField", "NullBooleanField") and value in (0, 1):
            return bool(value)
        case int() if kind == "DurationField":
            return _duration(timedelta(microseconds=value))
        case Decimal() if kind == "DecimalField":
            return f"{value:f}"
        case datetime() if value.tzinfo is None and has_time_zones and column.physical_type is not None:
            # A fixture's own times have no physical type, and are in the time zone of the settings.
            return fixture_value(value.replace(tzinfo=UTC), column, field)
        case datetime() | time():
            # As Django writes it, which has no more than milliseconds unless there are any.
            is_short = value.microsecond and not value.microsecond % 1000
            text = value.isoformat(timespec="milliseconds" if is_short else "auto")
            return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
        case date():
            return value.isoformat()
        case timedelta():
            return _duration(value)
        case bytes():
            return base64.b64encode(value).decode()
        case list() if kind == "ArrayField":
            return json.dumps([None if item is None else str(item) for item in value])
    return value


def _parsed(text: str) -> object:
    """Return the value of a JSON text with all its digits, or the text itself if it is not JSON."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return text


def default_of(field: ModelField) -> object:
    """Return what Django gives a field that an object lacks, as a fixture writes it; None if only Django knows it."""
    if field.default is None or isinstance(field.default, (str, int, float, list, dict)):
        return field.default
    is_text = field.kind in _TEXTS - {"GenericIPAddressField"}
    return "" if is_text and not field.is_null and not field.is_primary else None


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and MIN_INT64 <= value <= MAX_INT64:
        return value
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9]\d{0,17})", value):
        return int(value)
    raise ValueError


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1) and isinstance(value, int):
        return bool(value)
    raise ValueError


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    check_text(value)
    return value


def _float(value: object) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53:
        return float(value)
    raise ValueError


def _decimal_types(field: ModelField, name: str) -> list[FieldType]:
    if field.digits is None:
        return []
    digits, scale = field.digits
    type_ = decimal_type(digits, scale)

    def read(value: object) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
            raise ValueError
        text = repr(value) if isinstance(value, float) else str(value)
        try:
            number = Decimal(text) if not isinstance(value, str) or _DECIMAL.fullmatch(text) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise ValueError
        exact = round(number, scale)
        if exact != number or abs(number) >= 10 ** (digits - scale):
            raise ValueError
        return exact

    return [] if type_ is None else [FieldType(Column(name, type_), read)]


def _date_time(value: object) -> tuple[datetime, bool]:
    found = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError
    return datetime.fromisoformat(found[1].replace(",", ".") + (found[2] or "")), found[2] is not None


def _instant(value: object) -> datetime:
    moment, has_zone = _date_time(value)
    if not has_zone:
        raise ValueError
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError from None


def _local_time(value: object) -> datetime:
    moment, has_zone = _date_time(value)
    if has_zone:
        raise ValueError
    return moment


def _date(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError


def _time(value: object) -> time:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return time.fromisoformat(value)
    raise ValueError


def _uuid(value: object) -> str:
    if isinstance(value, str) and str(UUID(value)) == value:
        return value
    raise ValueError


def _binary(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError
    try:
        found = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError from None
    if base64.b64encode(found).decode() != value:
        raise ValueError
    return found


def _duration(value: timedelta) -> str:
    """Return a duration as Django writes it: `1 02:03:04.000005`."""
    seconds, micro = value.seconds, value.microseconds
    days = f"{value.days} " if value.days else ""
    rest = f".{micro:06d}" if micro else ""
    return f"{days}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{rest}"
