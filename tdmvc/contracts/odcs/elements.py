"""What is read of a column, or of an element inside of one, and the tests that its values must pass."""

from dataclasses import dataclass

import pyarrow as pa

from tdmvc.model.rules import RuleTest
from tdmvc.yaml.node import YamlNode

JsonShape = dict[str, object]


@dataclass(frozen=True, slots=True)
class Documents:
    """What a value must be where its column holds documents: keywords of JSON Schema."""

    keywords: JsonShape


@dataclass(frozen=True, slots=True)
class ElementTest:
    """One test of the values of a column or of an element."""

    word: str
    """The last word of the rule's id."""
    test: RuleTest | Documents
    node: YamlNode


@dataclass(frozen=True, slots=True)
class ColumnElement:
    """A column, or an element of a nested one, as its entry declares it."""

    node: YamlNode
    type: pa.DataType
    logical: str
    """The logical type, in lower case."""
    is_column: bool = True
