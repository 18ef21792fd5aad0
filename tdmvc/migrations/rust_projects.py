"""Knows what shows that a Rust project uses a library, and what folder a library's own configuration names."""

import re
from collections.abc import Iterator

from tdmvc.migrations.evidence import Signs
from tdmvc.migrations.layout import folder_of, join
from tdmvc.migrations.toml_text import parse_toml_table


def crate_signs(crate: str, *, files: frozenset[str] = frozenset(), folder: str | None = None) -> Signs:
    """Return the signs of a crate; a workspace may name it in its lock file alone."""
    manifest = re.compile(
        rf"^[ \t]*(?:{crate}(?:-cli)?[ \t]*(?:=|\.)|\[[^\]\n]*dependencies\.{crate}\])", re.MULTILINE
    )
    lock = re.compile(rf'^name = "{crate}"', re.MULTILINE)
    return Signs({"Cargo.toml": manifest, "Cargo.lock": lock}, files, folder)


def named_folder(path: str, text: str, section: str, key: str) -> Iterator[str | None]:
    """Yield the folder that a TOML file names, as seen from the file; None leads out of the repository."""
    named = parse_toml_table(text, section).get(key)
    if isinstance(named, str):
        yield join(folder_of(path), named)
