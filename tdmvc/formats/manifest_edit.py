"""Edits one entry of a manifest, and keeps the comments, order and quotes of what stays."""

from tdmvc.errors import ConfigError
from tdmvc.formats.manifest_shapes import BooleanWord, Shape, Value, boolean_or_text
from tdmvc.yaml.editor import EditableList, EditableMapping, YamlEdit, mapping, sequence, text_value


def edit_entry(lines: list[str], shape: Shape, wanted: Value, *, is_element: bool) -> list[str] | None:
    """Return the lines of an entry with another value; None if an edit would change more, or cannot be written."""
    text = "".join(f"{line}\n" for line in (["_:", *lines] if is_element else lines))
    edit = YamlEdit(text, "")
    if edit.render() != text:
        return None
    parent, key = (edit.root["_"], 0) if is_element else (edit.root, next(iter(edit.root)))
    _assign(parent, key, shape, wanted)
    try:
        return edit.render().splitlines()[1 if is_element else 0 :]
    except ConfigError:
        return None


def _assign(parent: EditableMapping | EditableList, key: str | int, shape: Shape, wanted: Value) -> None:
    old = parent[key]
    if _plain(old) == wanted:
        return
    if isinstance(wanted, dict) and isinstance(old, EditableMapping):
        for name in [name for name in old if str(name) not in wanted]:
            del old[name]
        for name, inner in wanted.items():
            if name in old:
                _assign(old, name, shape.of(name), inner)
            else:
                old[text_value(name)] = _fresh(inner)
    elif isinstance(wanted, list) and isinstance(old, EditableList):
        parent[key] = _reordered(old, shape, wanted)
    else:
        parent[key] = _fresh(wanted)


def _reordered(old: EditableList, shape: Shape, wanted: list[Value]) -> EditableList:
    """Return a list with the wanted elements, those that it had with their comments and quotes."""
    names = shape.name_elements(wanted) or list(map(repr, wanted))
    known_names = shape.name_elements([_plain(one) for one in old]) or [repr(_plain(one)) for one in old]
    places = {name: place for place, name in enumerate(known_names)}
    new = sequence(
        [old[places[n]] if n in places else None for n in names], in_line=bool(old.fa.flow_style())
    )
    # What is written between a key and its list hangs on both.
    new.ca.comment = old.ca.comment
    for place, (name, inner) in enumerate(zip(names, wanted, strict=True)):
        if name in places:
            _assign(new, place, shape.of(""), inner)
            if places[name] in old.ca.items:
                new.ca.items[place] = old.ca.items[places[name]]
        else:
            new[place] = _fresh(inner)
    return new


def _plain(node: object) -> Value:
    if isinstance(node, EditableMapping):
        return {str(name): _plain(inner) for name, inner in node.items()}
    if isinstance(node, EditableList):
        return [_plain(inner) for inner in node]
    if node is None:
        return None
    return boolean_or_text(node) if type(node) is str else str(node)


def _fresh(value: Value) -> object:
    if isinstance(value, dict):
        return mapping({text_value(name): _fresh(inner) for name, inner in value.items()})
    if isinstance(value, list):
        is_short = all(not isinstance(inner, dict | list) for inner in value)
        return sequence([_fresh(inner) for inner in value], in_line=is_short)
    if isinstance(value, BooleanWord):
        return value.word
    return None if value is None else text_value(value)
