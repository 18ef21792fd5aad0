"""An Avro schema that is written is read as the same tables, with notes for the rules that Avro cannot say."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE, parse_type
from tdmvc.contracts import READERS, WRITERS
from tdmvc.contracts.base import ImportOptions
from tdmvc.model.declarations import Default
from tdmvc.model.rules import Format, Range, Rule, Values
from tdmvc.model.schema import Column, Contract, TableSchema

_SAME = [
    SIMPLE[name]
    for name in ("bool", "int32", "int64", "float32", "float64", "string", "binary", "date", "time")
]
_SAME += [SIMPLE["timestamp"], SIMPLE["timestamptz"]]
_SAME += [parse_type(text) for text in ("decimal(9,2)", "list<int32>", "struct<a: int32, b: list<string>>")]
_WORDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)


@settings(max_examples=40)
@given(st.dictionaries(_WORDS, st.tuples(st.sampled_from(_SAME), st.booleans()), min_size=1), _WORDS)
def test_tables_are_read_as_they_were_written(columns: dict[str, tuple[object, bool]], name: str) -> None:
    made = tuple(Column(one, type_, required=required) for one, (type_, required) in columns.items())
    tables = {table: TableSchema(table, made) for table in (name, f"{name}_2")}
    written = WRITERS["avro"].write(Contract(tables), Contract(tables).rules, {})
    assert not written.notes
    found = READERS["avro"].read(written.text, "a.avsc", ImportOptions()).contract.tables
    assert {one: table.columns for one, table in found.items()} == dict.fromkeys(tables, made)


def test_lists_of_names_and_uuids_are_said_and_other_rules_are_noted() -> None:
    rules = (
        Rule("t.a.enum", "t", ("a",), Values(("new", "old", None))),
        Rule("t.b.format", "t", ("b",), Format("uuid")),
        Rule("t.c.range", "t", ("c",), Range(0, 9)),
        Rule("t.d.enum", "t", ("d",), Values(("two words",))),
    )
    columns = (
        Column("a", SIMPLE["string"]),
        Column("b", SIMPLE["string"], required=True),
        Column("c", SIMPLE["int32"], default=Default("5")),
        Column("d", SIMPLE["string"], description="A d"),
        Column("odd name", SIMPLE["date"], default=Default("2026-01-01")),
    )
    contract = Contract({"t": TableSchema("t", columns, further_rules=rules)})
    written = WRITERS["avro"].write(contract, contract.rules, {})
    fields = {one["name"]: one for one in json.loads(written.text)["fields"]}
    assert fields["a"]["type"] == ["null", {"type": "enum", "name": "t_a", "symbols": ["new", "old"]}]
    assert fields["b"]["type"] == {"type": "string", "logicalType": "uuid"}
    assert (fields["c"]["type"], fields["c"]["default"]) == (["int", "null"], 5)
    assert fields["d"]["doc"] == "A d"
    assert [note.message.partition(" is ")[0] for note in written.notes] == [
        "The column odd name of t",
        "The default of t.odd name",
        "The rule t.c.range (range)",
        "The rule t.d.enum (values)",
    ]
