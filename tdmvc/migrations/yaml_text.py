"""Reads the YAML of a migration tool, and words its faults as faults of a migration."""

from tdmvc.migrations.base import misunderstood
from tdmvc.migrations.conflicts import refuse_conflict
from tdmvc.yaml.composer import YamlFault
from tdmvc.yaml.foreign import YamlValue, parse_foreign_yaml


def parse_yaml(path: str, text: str) -> list[YamlValue]:
    """Return the documents of a YAML file; tags are ignored.

    Raises:
        MigrationsError: it is not YAML, nests too deeply, or its aliases expand without bounds.
    """
    refuse_conflict(path, text)
    try:
        return parse_foreign_yaml(text, path)
    except YamlFault as fault:
        raise misunderstood(path, fault.what, line=fault.line) from None
