"""Reads files of keys."""

from pathlib import Path

from tdmvc.errors import UsageError
from tdmvc.yaml.reader import parse_yaml


def read_keys(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a YAML file such as `orders: id` and `order_lines: [order_id, line]`.

    Raises:
        ConfigError: it is something else.
        UsageError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file of keys cannot be read: {error}.", where=str(path)) from error
    return {
        table: node.as_texts() if node.is_list else () if node.is_null else (node.as_text(),)
        for table, node in parse_yaml(text, str(path)).entries()
    }
