"""Contract formats: what each declares about tables, their columns and their rows.

To add a format, write its file or folder here, and register what reads it and what writes it below.
"""

import re
from typing import Final

from tdmvc.contracts.base import ContractReader, ContractWriter
from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.model.registry import Registry

READERS: Final = Registry[ContractReader](
    __name__,
    {
        "odcs": "odcs.format.OdcsReader",
        "frictionless": "frictionless.reading.FrictionlessReader",
        "dbt": "dbt.reading.DbtReader",
        "sql": "ddl.reading.DdlReader",
        "avro": "avro.reading.AvroReader",
        "openapi": "openapi.OpenApiReader",
        "json-schema": "json_schema.format.JsonSchemaReader",
    },
)
"""What reads each format, in the order in which they claim texts."""

WRITERS: Final = Registry[ContractWriter](
    __name__,
    {
        "odcs": "odcs.format.OdcsWriter",
        "sql": "ddl.writing.DdlWriter",
        "avro": "avro.writing.AvroWriter",
        "json-schema": "json_schema.writing.JsonSchemaWriter",
    },
)
"""What writes each format."""

_PREDECESSOR = re.compile(r"""^["']?dataContractSpecification["']?[ ]*:""", re.MULTILINE)
"""How a file of the format begins that the Open Data Contract Standard has replaced."""


def reader_for(text: str, path: str, name: str | None = None) -> ContractReader:
    """Return what reads a text: the format of the name, else the one that recognises its content.

    Formats of the file's suffix are asked first, because a longer look may be wrong about a short text.

    Raises:
        NotFoundError: there is no format of this name.
        ConfigError: no format recognises it.
    """
    if name is not None:
        if name not in READERS:
            raise NotFoundError.named("contract format", name, list(READERS))
        return READERS[name]
    likely = [one for one in READERS.values() if path.lower().endswith(one.suffixes)]
    for reader in (*likely, *(one for one in READERS.values() if one not in likely)):
        if reader.recognises(text, path):
            return reader
    if _PREDECESSOR.search(text):
        raise ConfigError.at(
            "The file is a Data Contract Specification, which the Open Data Contract Standard has replaced.",
            path,
            remedy=f"convert it with datacontract-cli: `datacontract export odcs {path} --output contract.yaml`.",
        )
    raise ConfigError.at(
        "The file is in no contract format that tdmvc knows.",
        path,
        remedy="write `kind: DataContract` into a contract of ODCS; for a file in another format, name the format:"
        f" `tdmvc contract show {path} --from FORMAT` ({', '.join(READERS)}).",
    )


def writer_for(name: str) -> ContractWriter:
    """Return what writes the format of a name.

    Raises:
        NotFoundError: there is none.
    """
    if name not in WRITERS:
        raise NotFoundError.named("contract format", name, list(WRITERS))
    return WRITERS[name]
