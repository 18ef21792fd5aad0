"""Knows how to read JSON that nobody has checked before."""

import json
from typing import Any

from tdmvc.migrations.base import misunderstood
from tdmvc.migrations.conflicts import refuse_conflict


def parse_json(path: str, text: str) -> Any:
    """Return what a JSON file says.

    Raises:
        MigrationsError: it is not JSON, or nests too deeply to be read.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        refuse_conflict(path, text)
        raise misunderstood(path, f"it is not JSON ({error.msg})", line=error.lineno) from None
    except RecursionError:
        raise misunderstood(path, "its JSON nests too deeply") from None
    except ValueError as error:
        # A number of more digits than Python converts.
        raise misunderstood(path, f"it is not JSON ({error})") from None
