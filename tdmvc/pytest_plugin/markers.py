"""What the marker `tdmvc` and the options say about a test."""

import pytest

MARKER = "tdmvc"
RESETS = ("test", "module", "never")


def datasets_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the states that a test names instead of the environment's own."""
    marker = item.get_closest_marker(MARKER)
    return () if marker is None else tuple(str(ref) for ref in marker.args)


def reset_of(item: pytest.Item) -> str:
    """Return when databases are reset for a test: what the command line says, else its marker, else the setting.

    Raises:
        pytest.fail.Exception: the marker or the setting is wrong.
    """
    marker = item.get_closest_marker(MARKER)
    values = dict(marker.kwargs) if marker else {}
    reset = item.config.getoption("--tdmvc-reset") or values.pop("reset", None)
    values.pop("reset", None)
    if values:
        names = ", ".join(sorted(values))
        pytest.fail(
            f"The marker tdmvc does not know {names}. It takes datasets, and reset='test', 'module' or 'never'.",
            pytrace=False,
        )
    found = str(reset or item.config.getini("tdmvc_reset"))
    if found not in RESETS:
        pytest.fail(f"reset is {found!r}; write one of {', '.join(RESETS)}.", pytrace=False)
    return found
