"""Reads contract.yaml: what must hold of a dataset, as people and tdmvc write it."""

from tdmvc.formats.odcs import ContractFile, read_contract
from tdmvc.model.schema import Contract
from tdmvc.yaml.reader import parse_yaml

CONTRACT_FILE = "contract.yaml"


def parse_contract(text: str, path: str) -> Contract:
    """Read the text of a contract.yaml.

    Tables come in the file's order, references sorted. A reference to a table that the
    contract does not have is kept; one to a column that a known table lacks is an error.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    return read_strictly(text, path).contract


def read_strictly(text: str, path: str) -> ContractFile:
    """Read a contract with its relationships, as an edit needs them.

    Raises:
        ConfigError: it is wrong, or a relationship names a column that does not exist.
    """
    file = read_contract(parse_yaml(text, path))
    check_relationships(file)
    return file


def check_relationships(file: ContractFile) -> None:
    """Raise a ConfigError where a relationship names a column that does not exist."""
    for relation in file.relationships:
        if relation.fault is not None:
            raise relation.node.error(
                f"The relationship names a column that does not exist: {relation.fault}.",
                remedy="correct the name, or remove the relationship.",
            )
