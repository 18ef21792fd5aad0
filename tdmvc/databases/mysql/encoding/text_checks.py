"""What may be wrong with texts for a column: their length, their characters, and the form that a type requires."""

import json
import re

import pyarrow as pa

from tdmvc.arrow.compute import MatchSubstringOptions, SetLookupOptions, call_function
from tdmvc.databases.mysql.catalog.types import GEOMETRIES, MysqlColumn
from tdmvc.databases.mysql.encoding.literals import internal_geometry
from tdmvc.databases.value_checks import Finder, NoFormError, ValueCheck, both, each_value, longer, negated
from tdmvc.model.schema import Column

_TEXT_BYTES = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
TEXTS = ("char", "varchar", *_TEXT_BYTES)
_PYTHON_CHARSETS = {
    "latin1": "cp1252",
    "ascii": "ascii",
    "latin2": "iso8859-2",
    "cp1251": "cp1251",
    "greek": "iso8859-7",
}
_WIDE = r"[^\x{0}-\x{FFFF}]"
_LABEL = re.compile(r"'((?:[^']|'')*)'")
_FORMS = {
    "date": r"^\d{4}-\d\d-\d\d$",
    "datetime": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$",
    "timestamp": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$",
    "time": r"^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$",
    "uuid": r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
}


def text_checks(column: Column, target: MysqlColumn) -> list[ValueCheck]:
    """Return what may be wrong with texts for a column of any type.

    Raises:
        NoFormError: the column cannot hold texts.
    """
    kind = target.kind
    if kind in ("enum", "set"):
        return _labels(target)
    if target.is_json:
        return [] if column.is_json else [ValueCheck("not JSON", each_value(_is_no_json))]
    if kind in TEXTS:
        return length_checks(target)
    if kind in GEOMETRIES:
        return [ValueCheck("no geometry (EWKB in hexadecimal digits)", each_value(_is_no_geometry))]
    if kind == "bit":
        return [ValueCheck(f"no {target.precision} binary digits", _unlike(rf"^[01]{{{target.precision}}}$"))]
    if kind == "decimal":
        digits, scale = (target.precision or 10) - (target.scale or 0), target.scale or 0
        form = rf"^-?0*[0-9]{{1,{max(digits, 1)}}}" + (
            rf"(\.[0-9]{{0,{scale}}}0*)?$" if scale else r"(\.0*)?$"
        )
        return [ValueCheck(f"no number of {target.type}", _unlike(form))]
    if kind == "uuid":
        return [
            ValueCheck("no UUID", _unlike("(?i)^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$")),
            ValueCheck("a UUID in another form than the usual one", _unlike(_FORMS["uuid"]), is_fault=False),
        ]
    if kind in _FORMS:
        return [ValueCheck(f"no {kind}", _unlike(_FORMS[kind])), *_text_fractions(target)]
    if kind in ("inet4", "inet6"):
        return []
    raise NoFormError


def _text_fractions(target: MysqlColumn) -> list[ValueCheck]:
    if target.kind == "date" or target.fraction >= 6:
        return []
    form = rf"\.\d{{{target.fraction}}}\d*[1-9]"
    return [
        ValueCheck(
            f"more exact than {target.type}",
            lambda array: call_function("match_substring_regex", [array], MatchSubstringOptions(form)),
        )
    ]


def _unlike(pattern: str) -> Finder:
    options = MatchSubstringOptions(pattern)
    return lambda array: negated(call_function("match_substring_regex", [array], options))


def _is_no_json(value: object) -> bool:
    def refuse(_: str) -> None:
        raise ValueError

    try:
        json.loads(str(value), parse_constant=refuse)
    except (ValueError, RecursionError):
        return True
    return False


def _is_no_geometry(value: object) -> bool:
    try:
        internal_geometry(str(value))
    except (ValueError, IndexError):
        return True
    return False


def labels(target: MysqlColumn) -> list[str]:
    """Return the values of an enum or a set."""
    return [found[1].replace("''", "'") for found in _LABEL.finditer(target.type)]


def _labels(target: MysqlColumn) -> list[ValueCheck]:
    known = labels(target)
    if target.kind == "enum":
        options = SetLookupOptions(pa.array(known, pa.string()), skip_nulls=True)

        def find(array: pa.Array) -> pa.Array:
            is_known = call_function("is_in", [array], options)
            return both(negated(is_known), array.is_valid())

        return [ValueCheck("no labels of the enum", find)]
    members = set(known)
    order = {label: place for place, label in enumerate(known)}

    def is_other_order(value: object) -> bool:
        parts = str(value).split(",")
        return set(parts) <= members and parts != sorted(set(parts), key=lambda part: order[part])

    return [
        ValueCheck(
            "no labels of the set",
            each_value(lambda value: bool(value) and not set(str(value).split(",")) <= members),
        ),
        ValueCheck("labels in another order than the set", each_value(is_other_order), is_fault=False),
    ]


def length_checks(target: MysqlColumn) -> list[ValueCheck]:
    """Return what may be wrong with texts for a column of texts."""
    function, most = "binary_length", _TEXT_BYTES.get(target.kind)
    if most is None:
        function, most = "utf8_length", target.length or 1
    found = [ValueCheck(f"longer than {target.type}", lambda array: longer(function, _texts(array), most))]
    if target.kind == "char":
        found.append(
            ValueCheck(
                "texts that end in spaces, which char drops",
                lambda array: call_function("ends_with", [_texts(array)], MatchSubstringOptions(" ")),
                is_fault=False,
            )
        )
    charset = (target.charset or "utf8mb4").lower()
    if charset in ("utf8", "utf8mb3", "ucs2"):
        problem = f"texts with characters beyond {charset}, such as emoji"
        found.append(ValueCheck(problem, lambda array: _wide(_texts(array))))
    elif charset in _PYTHON_CHARSETS:
        codec = _PYTHON_CHARSETS[charset]
        problem = f"texts with characters that {charset} lacks"
        found.append(ValueCheck(problem, lambda array: _not_encodable(_texts(array), codec)))
    return found


def _texts(array: pa.Array) -> pa.Array:
    return array if pa.types.is_string(array.type) else array.cast(pa.string())


def _wide(array: pa.Array) -> pa.Array:
    return call_function("match_substring_regex", [array], MatchSubstringOptions(_WIDE))


def _not_encodable(array: pa.Array, codec: str) -> pa.Array:
    if call_function("all", [call_function("string_is_ascii", [array])]).as_py() is not False:
        return pa.array([False])

    def is_other(value: object) -> bool:
        try:
            str(value).encode(codec)
        except UnicodeEncodeError:
            # The server's latin1 also has the five places that cp1252 leaves free.
            return codec != "cp1252" or not set(str(value)) <= _LATIN1
        return False

    return each_value(is_other)(array)


_LATIN1 = {bytes([code]).decode("cp1252", "replace") for code in range(256)} | set("\x81\x8d\x8f\x90\x9d")
