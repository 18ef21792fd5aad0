"""How each column of a dataset becomes a column of PostgreSQL: its exact form, and what has to be checked before.

A column is only ever sent in the form that its type in the database has: the binary one, or a text that the server
reads. Every form refuses a value that the type would change, so that nothing is rounded or cut in silence, even if no
check was made.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import pyarrow as pa

from tdmvc.arrow.compute import cast
from tdmvc.arrow.types import is_widening, leaf_types
from tdmvc.databases.postgres.encoding import binary, texts, value_checks
from tdmvc.databases.postgres.encoding.copy_format import Encoder, Writer
from tdmvc.databases.postgres.encoding.target_columns import ColumnType
from tdmvc.databases.value_checks import ValueCheck

_TEXTS = frozenset({"textrecv", "varcharrecv", "bpcharrecv", "namerecv", "citextrecv"})
_INTEGERS = {"int2recv": "int2", "int4recv": "int4", "int8recv": "int8", "oidrecv": "oid"}
_FLOATS = {"float4recv": "float4", "float8recv": "float8"}
_NUMBERS_AS_TEXT = frozenset({"cash_recv", "xidrecv", "xid8recv", "cidrecv", "bit_recv", "varbit_recv"})
_TIMES = frozenset({"date_recv", "timestamp_recv", "timestamptz_recv", "time_recv", "timetz_recv"})
_ROUNDED = frozenset({"numeric_recv", "interval_recv", "timetz_recv", *_TIMES})
"""Types whose input rounds a text to their modifier in silence."""
_SAFE_TEXTS = frozenset({"json_recv", "jsonb_recv", "uuid_recv", "enum_recv"})
_JSON = frozenset({"json_recv", "jsonb_recv"})
_LARGEST_NUMERIC = 38
_Converted = TypeVar("_Converted")


@dataclass(frozen=True, slots=True)
class Form:
    """How the values of a column are sent, and what may be wrong with them."""

    writer: Writer
    encoder: Encoder | None = None
    """None if there is no exact binary form."""
    value_checks: tuple[ValueCheck, ...] = ()
    """What the values have to be searched for."""
    asks_server: bool = False
    """Whether only the server knows which values its type can hold."""

    def encode(self, array: pa.Array) -> list[pa.Array]:
        """Return values in their binary form.

        Raises:
            NotExactError: the type would change a value.
        """
        assert self.encoder is not None
        self._refuse(array)
        return self.encoder(array)

    def write(self, array: pa.Array) -> pa.Array:
        """Return values as texts.

        Raises:
            NotExactError: the type would change a value.
        """
        self._refuse(array)
        return self.writer(array)

    def _refuse(self, array: pa.Array) -> None:
        for value_check in self.value_checks:
            if value_check.is_fault and value_check.count(array):
                raise binary.NotExactError(value_check.problem)


def plan_form(source: pa.DataType, target: ColumnType) -> Form | None:
    """Return how values of an Arrow type are sent to a column; None if its type cannot hold such values at all."""
    form = _form(source, target)
    if form is not None and target.is_domain:
        form = replace(form, asks_server=True)
    return form


def _form(source: pa.DataType, target: ColumnType) -> Form | None:
    if pa.types.is_nested(source) and target.receiver in _JSON:
        return _json_form(source, target)
    if pa.types.is_list(source):
        return _list_form(source, target)
    if pa.types.is_struct(source):
        fits = target.receiver in ("record_recv", "array_recv")
        return Form(texts.writer_of(source), asks_server=True) if fits else None
    if pa.types.is_binary(source):
        fits = target.receiver == "bytearecv"
        return Form(texts.bytes_as_text, binary.byte_strings) if fits else None
    if target.receiver in _TEXTS:
        return _text_form(source, target)
    if pa.types.is_string(source):
        return _form_of_text(target)
    if pa.types.is_temporal(source):
        return _time_form(source, target)
    return _number_form(source, target)


def _json_form(source: pa.DataType, target: ColumnType) -> Form | None:
    """Return the form of lists and structs for a column of JSON, which has no bytes."""
    if any(pa.types.is_binary(leaf) for leaf in leaf_types(source)):
        return None
    encode = binary.jsonb if target.receiver == "jsonb_recv" else binary.texts
    return Form(texts.json_as_text, lambda array: encode(texts.json_as_text(array)))


def _text_form(source: pa.DataType, target: ColumnType) -> Form:
    """Return the form of a column of texts, which holds anything that has a text."""
    write = texts.writer_of(source)
    found = [value_checks.NUL] if pa.types.is_string(source) else []
    if (limit := target.length_limit) is not None:
        found.append(value_checks.longer_than(limit, target.base_sql))
    if target.receiver == "bpcharrecv" and limit is not None:
        found.append(value_checks.PADDED)
    if target.receiver == "namerecv":
        found.append(value_checks.LONG_NAME)
    return Form(write, lambda array: binary.texts(write(array)), tuple(one.after(write) for one in found))


def _form_of_text(target: ColumnType) -> Form | None:
    """Return the form of texts for a column of another type."""
    match target.receiver:
        case "bytearecv":
            return None
        case "enum_recv":
            value_check = value_checks.no_label_of(target.labels or (), target.base_sql)
            return Form(texts.as_text, binary.texts, (value_check,))
        case "uuid_recv":
            return Form(texts.as_text, binary.uuids, (value_checks.NO_UUID, value_checks.OTHER_UUID))
        case "json_recv":
            return Form(texts.as_text, binary.texts, asks_server=True)
        case "jsonb_recv":
            return Form(texts.as_text, binary.jsonb, asks_server=True)
    return Form(texts.as_text, asks_server=True)


def _time_form(source: pa.DataType, target: ColumnType) -> Form | None:
    receiver = target.receiver
    is_moment = pa.types.is_date(source) or pa.types.is_timestamp(source)
    limit = target.fraction_digits
    rounded = (value_checks.finer_than(limit, target.base_sql),) if limit is not None else ()
    write = texts.time_as_text
    if pa.types.is_time(source) and receiver == "time_recv":
        return Form(write, binary.times, (value_checks.NO_TIME, *rounded))
    if pa.types.is_time(source) and receiver == "timetz_recv":
        return Form(write, None, rounded, asks_server=True)
    if receiver in ("timestamp_recv", "timestamptz_recv") and is_moment:
        has_zone = pa.types.is_timestamp(source) and source.tz is not None
        found = (
            (value_checks.FAR_DATE,) if pa.types.is_date(source) else (value_checks.FAR_TIMESTAMP, *rounded)
        )
        in_utc = () if has_zone == (receiver == "timestamptz_recv") else (value_checks.IN_UTC,)
        return Form(write, binary.timestamps, (*found, *in_utc))
    if receiver == "date_recv" and pa.types.is_date(source):
        return Form(write, binary.dates, (value_checks.FAR_DATE,))
    if receiver == "date_recv" and is_moment and source.tz is None:
        return Form(_after_cast(write, pa.date32()), binary.dates, (value_checks.NOT_MIDNIGHT,))
    return None


def _number_form(source: pa.DataType, target: ColumnType) -> Form | None:
    """Return the form of booleans, integers, floats and decimals."""
    receiver = target.receiver
    if pa.types.is_boolean(source) and receiver != "boolrecv":
        inner = _number_form(pa.int8(), target)
        if inner is None or receiver not in (*_INTEGERS, *_FLOATS, "numeric_recv"):
            return None
        encode = _after_cast(inner.encoder, pa.int8()) if inner.encoder is not None else None
        found = tuple(
            value_check.after(lambda array: cast(array, pa.int8())) for value_check in inner.value_checks
        )
        return Form(_after_cast(inner.writer, pa.int8()), encode, found)
    if receiver == "boolrecv":
        found = () if pa.types.is_boolean(source) else (value_checks.NO_BOOLEAN,)
        return Form(lambda array: texts.as_text(cast(array, pa.bool_())), binary.booleans, found)
    if receiver in _INTEGERS or receiver in _FLOATS:
        name = {**_INTEGERS, **_FLOATS}[receiver]
        type_ = binary.NUMBERS[name].type
        value_check = value_checks.changed_by(type_, target.base_sql)
        found = () if is_widening(source, type_) else (value_check,)
        return Form(_after_cast(texts.as_text, type_), binary.NUMBERS[name].encode, found)
    if receiver == "numeric_recv":
        return _numeric_form(source, target)
    if receiver in _NUMBERS_AS_TEXT:
        return Form(texts.as_text, asks_server=True)
    return None


def _numeric_form(source: pa.DataType, target: ColumnType) -> Form:
    size = target.numeric_size
    if pa.types.is_floating(source):
        return Form(texts.as_text, asks_server=True)
    whole, scale = value_checks.digits_of(source)
    if size is None:
        precision, own_scale = min(whole + scale, _LARGEST_NUMERIC), scale
        found: tuple[ValueCheck, ...] = ()
    else:
        precision, own_scale = size
        fits = whole <= precision - own_scale and scale <= own_scale
        found = () if fits else (value_checks.no_numeric(precision, own_scale, target.base_sql),)
    can_encode = 0 <= own_scale <= precision <= _LARGEST_NUMERIC
    encoder = binary.decimals(precision, own_scale) if can_encode else None
    return Form(texts.as_text, encoder, found)


def _list_form(source: pa.DataType, target: ColumnType) -> Form | None:
    if target.element is None:
        return None
    item = source.value_type
    if pa.types.is_list(item):
        inner = _list_form(item, target)
        if inner is None:
            return None
        return Form(
            texts.nested_lists_as_text(inner.writer),
            None,
            tuple(one.of_items() for one in inner.value_checks),
            asks_server=True,
        )
    inner = plan_form(item, target.element)
    if inner is None:
        return None
    return Form(
        texts.lists_as_text(inner.writer),
        binary.arrays(inner.encoder, target.element.oid) if inner.encoder is not None else None,
        tuple(one.of_items() for one in inner.value_checks),
        inner.asks_server,
    )


def _after_cast(
    convert: Callable[[pa.Array], _Converted], type_: pa.DataType
) -> Callable[[pa.Array], _Converted]:
    return lambda array: convert(binary.exact_cast(array, type_))


_TO_READ = frozenset({"enum_recv", "record_recv", "array_recv", "point_recv", "poly_recv"})
"""Types of which another database may have one with the same name and other values: MySQL has points, too."""


def is_trusted(source: pa.DataType, target: ColumnType, form: Form, *, is_same_type: bool) -> bool:
    """Whether the values of a column need not be read before they are loaded, because the load refuses bad ones.

    Args:
        is_same_type: whether the dataset declares the type that the column has.
    """
    if not is_same_type or target.receiver in _TO_READ:
        return False
    if not all(value_check.is_fault for value_check in form.value_checks):
        return False
    if not pa.types.is_string(source) or target.receiver in (_TEXTS | _SAFE_TEXTS):
        return True
    return target.receiver not in _ROUNDED and not target.is_domain
