"""Laws of scripts: what is written for an engine runs there, and a script of it declares what its catalog declares."""

import sqlite3
import tempfile
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE, parse_type
from tdmvc.contracts import WRITERS
from tdmvc.model.declarations import Check, Default, ForeignKey, Index, UniqueKey
from tdmvc.model.location import PathLocation
from tdmvc.model.schema import Column, Contract, TableSchema
from tests.contracts.ddl.catalogs import differences, live_tables, read_script
from tests.series import trials

_SIMPLE = ("bool", "int32", "int64", "float64", "string", "binary", "date", "time", "timestamp")
_TYPES = [*map(SIMPLE.get, _SIMPLE), parse_type("decimal(10,2)"), parse_type("decimal(38,0)")]
_LITERALS = {
    "int32": ["0", "-5"],
    "int64": ["7"],
    "string": ["", "it's", "a\\b", "ä; --x"],
    "bool": ["true", "false"],
}
_NAMES = st.text("abcAB_ é\"'.,;()`[]-", min_size=1, max_size=8).filter(lambda name: name.strip() == name)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Return a contract of a table and one that refers to it."""
    names = draw(st.lists(_NAMES, min_size=2, max_size=6, unique_by=str.lower))
    columns = []
    for name in names:
        type_ = draw(st.sampled_from(_TYPES))
        column = Column(name, type_, required=draw(st.booleans()))
        literals = _LITERALS.get(column.type_text)
        if literals and draw(st.booleans()):
            column = Column(
                name, type_, required=column.required, default=Default(draw(st.sampled_from(literals)))
            )
        columns.append(column)
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(tuple)
    key = draw(some)
    columns = [
        Column(one.name, one.type, required=True, default=one.default) if one.name in key else one
        for one in columns
    ]
    unique = draw(some.filter(lambda found: len(found) > 1 and sorted(found) != sorted(key)) | st.none())
    quoted = '"' + names[0].replace('"', '""') + '"'
    table = TableSchema(
        "t",
        tuple(columns),
        key=key,
        unique_keys=(UniqueKey(unique),) if unique else (),
        checks=(Check(f"{quoted} IS NOT NULL"),) if draw(st.booleans()) else (),
        indexes=(Index("i", draw(some)),) if draw(st.booleans()) else (),
    )
    types = {one.name: one.type for one in columns}
    child = TableSchema(
        "child",
        tuple(Column(f"c{number}", types[name]) for number, name in enumerate(key)),
        references=(ForeignKey(tuple(f"c{number}" for number in range(len(key))), "t", key),),
    )
    return Contract({"child": child, "t": table})


@settings(deadline=None, max_examples=trials(300, 8))
@given(contracts())
def test_a_script_for_sqlite_runs_and_declares_what_the_catalog_declares(contract: Contract) -> None:
    written = WRITERS["sql"].write(contract, contract.rules, {"dialect": "sqlite"})
    # SQLite has one integer type.
    assert not [
        note for note in written.notes if "check" not in note.message and "INTEGER" not in note.message
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.sqlite")
        connection = sqlite3.connect(path)
        connection.executescript(written.text)
        connection.close()
        live = live_tables(PathLocation(path))
    assert differences(live, read_script(written.text, "sqlite").contract.tables) == []


@settings(deadline=None, max_examples=trials(300, 8))
@given(contracts())
def test_a_script_for_duckdb_runs_and_declares_what_the_catalog_declares(contract: Contract) -> None:
    written = WRITERS["sql"].write(contract, contract.rules, {"dialect": "duckdb"})
    assert not written.notes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.duckdb")
        with duckdb.connect(str(path)) as con:
            con.execute(written.text)
            con.execute(f"EXPORT DATABASE '{folder}/out'")
        live = live_tables(PathLocation(path))
        exported = Path(folder, "out", "schema.sql").read_text(encoding="utf-8")
    assert differences(live, read_script(exported, "duckdb").contract.tables) == []
    assert list(live) == ["child", "t"]
