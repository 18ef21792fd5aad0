"""Whatever a text holds, a reader of contracts answers soon, with a contract or with an error that names the file."""

import json
import time

import pytest

from tdmvc.contracts import READERS
from tdmvc.contracts.base import ImportOptions
from tdmvc.errors import ConfigError

_DEEP = 10_000
_MANY = 1_000_000
_AVRO_BOMB = json.dumps(
    [
        {"type": "record", "name": "r0", "fields": [{"name": "a", "type": "int"}]},
        *(
            {
                "type": "record",
                "name": f"r{level}",
                "fields": [{"name": f"f{n}", "type": f"r{level - 1}"} for n in range(10)],
            }
            for level in range(1, 9)
        ),
    ]
)
_YAML_BOMB = "a: &a0 [x]\n" + "".join(
    f"b{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)
TEXTS = {
    "empty": "",
    "binary": "\x00\x01\x02" * 1000,
    "not UTF-8": "\udcff",
    "deep lists": "[" * _DEEP,
    "deep objects": '{"a":' * _DEEP,
    "deep YAML": "- " * _DEEP,
    "a bomb": _YAML_BOMB,
    "a list that holds itself": "models: &m [*m]",
    "large": "x" * 11_000_000,
    "many lines": "\n" * _MANY,
    "a text without an end": "CREATE TABLE t (a text DEFAULT '" + "''" * 50_000,
    "brackets without an end": "CREATE TABLE t (a int CHECK " + "(" * _DEEP,
    "deep brackets": "CREATE TABLE t (a int CHECK " + "(" * _DEEP + "1" + ")" * _DEEP + ");",
    "comments without an end": "/*!" * 20_000,
    "rows without an end": "COPY t FROM stdin;\n" * 10_000,
    "dollars": "$a$" * 10_001,
    "many columns": f"CREATE TABLE t ({', '.join(f'c{n} int' for n in range(1000))});",
    "a domain of itself": "CREATE DOMAIN d AS d;\nCREATE TABLE t (a d);",
    "domains in a circle": "CREATE DOMAIN d AS e;\nCREATE DOMAIN e AS d;\nCREATE TABLE t (a d);",
    "a wide decimal": "CREATE TABLE t (a numeric(99999999999999999999));",
    "no decimal": "CREATE TABLE t (a decimal(5, 50));",
    "an Avro bomb": _AVRO_BOMB,
    "an Avro type of itself": '{"type": "record", "name": "t", "fields": ['
    '{"name": "a", "type": {"type": "array", "items": "t"}}]}',
    "an Avro list in a circle": '{"type": "record", "name": "t", "fields": [{"name": "a", "type": "t"}]}',
    "a long number": '{"fields": [{"name": "a", "type": "integer", "constraints": {"minimum": '
    + "9" * 5000
    + "}}]}",
    "a pattern that nests": '{"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "'
    + "(" * 4000
    + ")" * 4000
    + '"}}]}',
    "a name of the wrong kind": '{"fields": [{"name": ["a"], "type": {}}]}',
    "values of the wrong kind": "models: [{name: m, columns: ["
    "{name: a, tests: [{accepted_values: {values: {a: b}}}]}]}]",
    "nothing but nulls": "models:\nsources: ~\n",
    "a list for a table": "models: [[], 1, ~]",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("format_name", ["frictionless", "dbt", "sql", "avro"])
def test_a_hostile_text_is_answered_soon(format_name: str, name: str) -> None:
    reader = READERS[format_name]
    started = time.process_time()
    reader.recognises(TEXTS[name], "a.txt")
    try:
        reader.read(TEXTS[name], "a.txt", ImportOptions())
    except ConfigError as error:
        assert error.path == "a.txt"  # noqa: PT017
    assert time.process_time() - started < 10
