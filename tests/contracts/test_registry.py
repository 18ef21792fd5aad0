"""The registry of contract formats, and what recognises a text."""

import subprocess
import sys

import pytest

from tdmvc.contracts import READERS, WRITERS, reader_for, writer_for
from tdmvc.errors import ConfigError, NotFoundError


def test_each_format_has_the_name_that_it_is_registered_by() -> None:
    assert all(READERS[name].name == name for name in READERS)
    assert all(WRITERS[name].name == name for name in WRITERS)
    assert all(READERS[name].suffixes for name in READERS)


def test_a_contract_is_recognised_by_its_content() -> None:
    text = "apiVersion: v3.1.0\nkind: DataContract\n"
    assert reader_for(text, "somewhere/shop.txt").name == "odcs"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("orders.json", '{"title": "orders", "type": "object", "properties": {"a": {}}}'),
        ("orders.json", '{"$ref": "https://example.test/x.json"}'),
        ("orders.json", '{"allOf": [{"required": ["a"]}]}'),
        ("orders.yaml", "title: orders\nproperties:\n  a: {type: integer}\n"),
    ],
)
def test_a_json_schema_needs_no_dialect_to_be_recognised(name: str, text: str) -> None:
    assert reader_for(text, name).name == "json-schema"


def test_a_name_outranks_the_content() -> None:
    assert reader_for("", "shop.sql", "odcs").name == "odcs"


@pytest.mark.parametrize("text", ["", "\0\1\2", "hello", "[" * 10_000, "a: &a [*a]"])
def test_a_text_of_no_format_is_an_error_that_names_the_file_and_the_formats(text: str) -> None:
    with pytest.raises(ConfigError, match=r"notes\.txt") as caught:
        reader_for(text, "notes.txt")
    assert "odcs" in caught.value.remedy


def test_an_unknown_name_is_an_error_that_suggests_the_right_one() -> None:
    with pytest.raises(NotFoundError, match="odcs"):
        reader_for("", "contract.yaml", "odc")
    with pytest.raises(NotFoundError):
        writer_for("nothing")


def test_no_format_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, tdmvc.contracts; print([m for m in sys.modules if m.startswith('tdmvc.contracts.')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['tdmvc.contracts.base']"


def test_a_data_contract_specification_says_how_to_convert_it() -> None:
    with pytest.raises(ConfigError) as raised:
        reader_for("dataContractSpecification: 1.2.1\nid: orders\nmodels: {}\n", "orders.yaml")
    assert "`datacontract export odcs orders.yaml --output contract.yaml`" in str(raised.value)
