"""Knows where inside a nested or JSON cell two values differ."""

import json
import re

_SHOWN_PATHS = 20
_MAX_CHARACTERS = 100_000
"""Longer JSON is not searched: a sample is worth milliseconds, not minutes."""


def paths_inside(old: object, new: object, *, is_json: bool) -> tuple[str, ...]:
    """Return the paths that differ (`items[2].price`), at most twenty; empty for cells with no inside."""
    if is_json:
        if not (isinstance(old, str) and isinstance(new, str)):
            return ()
        if len(old) + len(new) > _MAX_CHARACTERS:
            return ()
        try:
            old, new = json.loads(old), json.loads(new)
        except (ValueError, RecursionError):
            return ()
    if not isinstance(old, dict | list) or type(old) is not type(new):
        return ()
    return _deep_paths(old, new)


def _deep_paths(old: object, new: object) -> tuple[str, ...]:
    # Slow to import, and needed for few samples only.
    from deepdiff import DeepDiff

    found = DeepDiff(old, new, view="tree", ignore_numeric_type_changes=True, ignore_nan_inequality=True)
    paths = {_spell_path(level.path(output_format="list")) for levels in found.values() for level in levels}
    return tuple(sorted(path for path in paths if path)[:_SHOWN_PATHS])


def _spell_path(steps: list[object]) -> str:
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, str) and re.fullmatch(r"\w+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text
