"""Knows which Python values DuckDB gives for arrays and maps, and turns them into lists and plain objects."""

from tdmvc.render.cells import cell_text


def plain_value(value: object) -> object:
    """Return the value with arrays as lists and the keys of maps as texts, as JSON knows them."""
    match value:
        case list() | tuple():
            return [plain_value(item) for item in value]
        case dict():
            return {
                name if isinstance(name, str) else cell_text(plain_value(name)): plain_value(item)
                for name, item in value.items()
            }
    return value
