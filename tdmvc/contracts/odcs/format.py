"""ODCS as one of the contract formats."""

import re
from typing import Final

from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.contracts.odcs.reading import check_relationships, read_contract
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
