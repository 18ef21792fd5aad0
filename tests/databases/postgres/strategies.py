"""Types of PostgreSQL, each with texts that it reads as values."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time

from hypothesis import strategies as st

_CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
_TEXT = st.text(_CHARACTERS, max_size=8) | st.sampled_from(
    ["", "\\N", "\\.", "NULL", "null", '"', "a\tb\nc\r", "{}"]
)


def _integers(bits: int) -> st.SearchStrategy[str]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).map(str)


def _decimals(precision: int, scale: int) -> st.SearchStrategy[str]:
    whole = st.integers(-(10**precision) + 1, 10**precision - 1)
    return whole.map(lambda number: f"{number}e-{scale}")


def _floats(width: int) -> st.SearchStrategy[str]:
    return st.floats(width=width).map(repr).map(
        {"inf": "Infinity", "-inf": "-Infinity", "-0.0": "0"}.get
    ) | st.floats(width=width, allow_nan=False, allow_infinity=False).map(lambda value: repr(value + 0.0))  # type: ignore[return-value]


_DATES = st.dates().map(date.isoformat) | st.sampled_from(
    ["0044-03-15 BC", "4713-01-01 BC", "5874897-12-31", "10000-01-01", "infinity", "-infinity"]
)
_MOMENTS = st.datetimes().map(datetime.isoformat) | st.sampled_from(
    [
        "0044-03-15 12:00:00.000001 BC",
        "10000-01-01 00:00:00",
        "294246-12-31 23:59:59.999999",
        "infinity",
        "-infinity",
    ]
)
_WHOLE_SECONDS = st.datetimes().map(lambda value: value.replace(microsecond=0).isoformat())
_BITS = st.text("01", max_size=9)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(_CHARACTERS, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=5,
).map(json.dumps)
_INTERVALS = st.builds(
    "{} mons {} days {} secs".format, st.integers(-99, 99), st.integers(-99, 99), st.integers(-9999, 9999)
)
_RANGES = st.tuples(
    st.integers(-9, 9), st.integers(0, 9), st.sampled_from(["[{},{})", "({},{}]", "(,{1})", "empty"])
).map(lambda found: found[2].format(found[0], found[0] + found[1]))
_NETWORKS = st.ip_addresses().map(str)


def _quoted(text: str | None) -> str:
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _arrays(items: st.SearchStrategy[str], *, deep: bool = True) -> st.SearchStrategy[str]:
    flat = st.lists(st.none() | items, max_size=3).map(
        lambda found: "{" + ",".join(map(_quoted, found)) + "}"
    )
    if not deep:
        return flat
    grid = st.lists(st.lists(st.none() | items, min_size=2, max_size=2), min_size=1, max_size=2).map(
        lambda rows: "{" + ",".join("{" + ",".join(map(_quoted, row)) + "}" for row in rows) + "}"
    )
    shifted = st.lists(items, min_size=1, max_size=3).map(
        lambda found: f"[0:{len(found) - 1}]={{" + ",".join(map(_quoted, found)) + "}"
    )
    return flat | flat | flat | grid | shifted


_PAIRS = st.tuples(st.none() | _integers(32), st.none() | _TEXT).map(
    lambda pair: "(" + ",".join("" if one is None else _quoted(one) for one in pair) + ")"
)

TYPES: Mapping[str, st.SearchStrategy[str]] = {
    "smallint": _integers(16),
    "integer": _integers(32),
    "bigint": _integers(64),
    "oid": st.integers(0, 2**32 - 1).map(str),
    "boolean": st.sampled_from(["t", "f"]),
    "real": _floats(32),
    "double precision": _floats(64),
    "numeric": _decimals(60, 25) | st.sampled_from(["NaN", "0", "1.0", "1.00", "1e200"]),
    "numeric(10,2)": _decimals(10, 2) | st.just("NaN"),
    "numeric(38,10)": _decimals(38, 10),
    "numeric(50,3)": _decimals(50, 3),
    "money": st.integers(-(10**10), 10**10).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
    "text": _TEXT,
    "varchar(9)": _TEXT,
    "char(9)": _TEXT,
    "bpchar": _TEXT,
    "name": st.text("aß", max_size=20),
    '"char"': st.sampled_from(["a", "", "\\"]),
    "bytea": st.binary(max_size=6).map(lambda value: "\\x" + value.hex()),
    "date": _DATES,
    "time": st.times().map(time.isoformat) | st.just("24:00:00"),
    "timetz": st.times().map(lambda value: f"{value.isoformat()}+05:30"),
    "timestamp": _MOMENTS,
    "timestamptz": _MOMENTS,
    "timestamp(0)": _WHOLE_SECONDS,
    "interval": _INTERVALS,
    "interval(0)": _INTERVALS,
    "uuid": st.uuids().map(str),
    "json": _JSON,
    "jsonb": _JSON,
    "bit(3)": st.text("01", min_size=3, max_size=3),
    "bit varying": _BITS,
    "inet": _NETWORKS,
    "cidr": _NETWORKS,
    "macaddr": st.just("08:00:2b:01:02:03"),
    "int4range": _RANGES,
    "nummultirange": _RANGES.map(lambda one: f"{{{one}}}"),
    "tsvector": st.sampled_from(["", "'a':1A 'b':2", "'it''s'"]),
    "tsquery": st.sampled_from(["'a' & 'b'", "!'a'"]),
    "point": st.tuples(_integers(16), _integers(16)).map(lambda pair: f"({pair[0]},{pair[1]})"),
    "path": st.sampled_from(["[(0,0),(1,1)]", "((0,0),(1,1))"]),
    "pg_lsn": st.just("16/B374D848"),
    "jsonpath": st.just('$."a"[*]'),
    "integer[]": _arrays(_integers(32)),
    "text[]": _arrays(_TEXT),
    "varchar(9)[]": _arrays(_TEXT, deep=False),
    "numeric(10,2)[]": _arrays(_decimals(10, 2)),
    "timestamptz[]": _arrays(_MOMENTS, deep=False),
    "date[]": _arrays(_DATES, deep=False),
    "bytea[]": _arrays(st.binary(max_size=3).map(lambda value: "\\x" + value.hex())),
    "uuid[]": _arrays(st.uuids().map(str)),
    "jsonb[]": _arrays(_JSON, deep=False),
    "boolean[]": _arrays(st.sampled_from(["t", "f"])),
    "interval[]": _arrays(_INTERVALS, deep=False),
    "own.mood": st.sampled_from(["sad", 'it\'s "odd"']),
    "own.mood[]": _arrays(st.sampled_from(["sad", 'it\'s "odd"'])),
    "own.code": st.text("0123456789", min_size=1, max_size=5),
    "own.code[]": _arrays(st.text("0123456789", min_size=1, max_size=5), deep=False),
    "own.amount": _decimals(6, 2),
    "own.pair": _PAIRS,
    "own.pair[]": _arrays(_PAIRS, deep=False),
    "citext": _TEXT,
    "hstore": st.sampled_from(["", '"a"=>"1", "b"=>NULL']),
    "ltree": st.just("a.b.c"),
}

OWN_TYPES = """
CREATE EXTENSION IF NOT EXISTS citext; CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS ltree;
CREATE SCHEMA own;
CREATE TYPE own.mood AS ENUM ('sad', 'it''s "odd"');
CREATE DOMAIN own.code AS varchar(5) CHECK (value ~ '^[0-9]+$');
CREATE DOMAIN own.amount AS numeric(6,2);
CREATE TYPE own.pair AS (a int, b text);
"""
