"""ODCS as one of the contract formats."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tdmvc.contracts.base import ExportedContract, ImportedContract, ImportOptions, Note
from tdmvc.contracts.odcs.editing import edit_contract
from tdmvc.contracts.odcs.reading import check_relationships, read_contract
from tdmvc.contracts.odcs.service_levels import write_service_levels
from tdmvc.model.rules import Place, Rule, kind_of
from tdmvc.model.schema import Contract
from tdmvc.yaml.editor import YamlEdit
from tdmvc.yaml.reader import parse_yaml

_KIND = re.compile(r"""(?m)^["']?kind["']?\s*:\s*["']?DataContract\b""")
_VERSION = re.compile(r"""(?m)^["']?apiVersion["']?\s*:\s*["']?v3\.""")


class OdcsReader:
    """Reads contracts of the Open Data Contract Standard 3."""

    name: Final = "odcs"
    suffixes: Final = (".odcs.yaml", ".odcs.yml", ".yaml", ".yml")

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text says that it is a contract of the standard."""
        return bool(_KIND.search(text) and _VERSION.search(text))

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return what a contract declares.

        Raises:
            ConfigError: it is wrong; of several faults, the one that comes first in the file.
        """
        file = read_contract(parse_yaml(text, path))
        for fault in sorted(file.faults, key=lambda error: error.line or 0):
            raise fault
        check_relationships(file)
        return ImportedContract(file.contract, file.contract.rules, file.notes)


class OdcsWriter:
    """Writes contracts of the Open Data Contract Standard 3.1 or 3.2."""

    name: Final = "odcs"

    def write(
        self, contract: Contract, rules: tuple[Rule, ...], options: Mapping[str, str]
    ) -> ExportedContract:
        """Return the contract as a text.

        Args:
            options: `version` of the standard, 3.1.0 by default; `name` of the contract.
        """
        name = options.get("name", "contract")
        tables = {}
        for table in contract.tables.values():
            implied = {replace(rule, id="") for rule in replace(table, further_rules=()).rules}
            mine = (rule for rule in rules if rule.table == table.name)
            further = tuple(rule for rule in mine if replace(rule, id="") not in implied)
            tables[table.name] = replace(table, further_rules=further)
        head = f"apiVersion: v{options.get('version', '3.1.0')}\n"
        edited = edit_contract(head, name, tables, contract.views)
        edit = YamlEdit(edited.text, name)
        write_service_levels(edit.root, contract.service_levels)
        notes = (
            Note(
                rule.place or Place(name),
                f"The rule {rule.id} ({kind_of(rule)}) is not written: the standard has no form for it.",
            )
            for rule in edited.unwritten
        )
        return ExportedContract(edit.render(), tuple(notes))
