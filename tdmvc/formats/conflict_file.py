"""Reads and writes `conflicts/<folder>.yaml`: what a merge leaves to a person, who may resolve it in an editor."""

from collections.abc import Iterator

from tdmvc.formats.conflict_markers import one_line
from tdmvc.model.merge import Cell, Choice, Conflict, ConflictKind, Resolutions, RowKey, Side
from tdmvc.model.merge_report import ConflictFile, ListedConflict
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import check_format, parse_yaml
from tdmvc.yaml.writer import flow_list, flow_mapping, scalar

CONFLICT_FOLDER = "conflicts"
CONFLICT_FORMAT = "tdmvc.conflicts/1"
IGNORE_ALL = "*\n"
"""For a .gitignore next to the files: they are built from the pointers, contain rows, and must not be committed."""

_Rows = dict[RowKey, dict[str | None, Choice]]


def conflict_path(folder: str) -> str:
    """Return the path of a table's conflict file, from the dataset's folder."""
    return f"{CONFLICT_FOLDER}/{folder}.yaml"


def render_conflict_file(file: ConflictFile, command: str) -> str:
    """Return the file's text; `command` is what a person runs when conflicts are resolved in it."""
    lines = [
        "# Resolve each conflict by a line below it: `take: ours`, `take: theirs`, `take: base`, or `value: …`.",
        f"# Then run: {one_line(command)}",
        f"format: {CONFLICT_FORMAT}",
        f"table: {scalar(file.table)}",
        "sides:",
        *(f"  {side}: {_side(file, side)}" for side in Side),
        f"key: {flow_list(file.key)}",
        *([f"whole: {flow_list(file.whole)}"] if file.whole not in ((), file.key) else []),
        *([f"marked: {flow_list(file.marked)}"] if file.marked else []),
        f"count: {file.count}",
        *_wide_choices(file.decided),
        "conflicts:",
    ]
    left: _Rows = {key: dict(row) for key, row in file.decided.rows.items()}
    for one in file.listed:
        conflict = one.conflict
        choice = None
        if conflict.kind.is_about_rows:
            choice = left.get(conflict.key, {}).pop(conflict.column, None)
        lines += _entry(_conflict_facts(one, file) + _choice_facts(choice))
    for key, row in left.items():
        for column, choice in row.items():
            names = file.key if len(key) == len(file.key) else file.whole
            lines += _entry([*_place_facts(names, key, column), *_choice_facts(choice)])
    if lines[-1] == "conflicts:":
        lines[-1] += " []"
    return "\n".join(lines) + "\n"


def parse_conflict_file(text: str, path: str) -> ConflictFile:
    """Read the file, with what a person wrote into it.

    Raises:
        ConfigError: it is not of this format, or decides one thing twice.
    """
    root = parse_yaml(text, path)
    check_format(root, CONFLICT_FORMAT)
    root.only("format", "table", "sides", "key", "whole", "marked", "count", "take", "conflicts")
    sides = {side: root.need("sides").only(*Side).need(side).only("label", "object") for side in Side}
    key = root.texts("key")
    whole = root.texts("whole") or key
    reader = _Decisions(key, whole)
    take = root.child("take")
    if take is not None:
        reader.read_wide(take)
    conflicts = root.child("conflicts")
    listed = tuple(filter(None, map(reader.read_entry, conflicts.elements() if conflicts else ())))
    return ConflictFile(
        table=root.need("table").as_text(),
        objects={side: node.text("object") for side, node in sides.items()},
        labels={side: node.text("label") or "" for side, node in sides.items()},
        key=key,
        whole=whole,
        marked=root.texts("marked"),
        listed=listed,
        count=root.need("count").as_count(),
        decided=reader.decided,
    )


class _Decisions:
    """Collects what a person decided, from all places where it can be written."""

    def __init__(self, key: tuple[str, ...], whole: tuple[str, ...]) -> None:
        self._key = key
        self._whole = whole
        self._table: Side | None = None
        self._columns: dict[str, Side] = {}
        self._rows: _Rows = {}

    @property
    def decided(self) -> Resolutions:
        return Resolutions(self._table, self._columns, self._rows)

    def read_wide(self, node: YamlNode) -> None:
        """Read `take:` at the top: a side for the whole table, or sides for table and columns."""
        if not node.is_mapping:
            self._table = _as_side(node)
            return
        node.only("table", "columns")
        table, columns = node.child("table"), node.child("columns")
        self._table = _as_side(table) if table else None
        for name, side in columns.entries() if columns else ():
            self._columns[name] = _as_side(side)

    def read_entry(self, node: YamlNode) -> ListedConflict | None:
        """Read one entry; without a kind, it is only a decision about a row or a cell."""
        node.only("kind", "key", "column", "base", "ours", "theirs", "hidden", "detail", "take", "value")
        word = node.child("kind")
        kind = _as_kind(word) if word else None
        column = node.text("column")
        is_about_rows = kind is None or kind.is_about_rows
        key = self._row_key(node, kind) if is_about_rows else ()
        choice = _as_choice(node, column)
        if choice is not None:
            self._decide(node, choice, key, column, is_about_rows=is_about_rows)
        elif kind is None:
            raise node.error(
                "This entry neither describes a conflict nor resolves one.", remedy="add 'take:'."
            )
        if kind is None:
            return None
        base, ours, theirs = (_as_cell(node, side) for side in Side)
        conflict = Conflict(kind, key, column, base, ours, theirs, node.text("detail"))
        return ListedConflict(conflict, is_hidden=node.flag("hidden"))

    def _decide(
        self, node: YamlNode, choice: Choice, key: RowKey, column: str | None, *, is_about_rows: bool
    ) -> None:
        before: Choice | Side | None
        if is_about_rows:
            before = self._rows.setdefault(key, {}).setdefault(column, choice)
        elif choice.side is None:
            raise node.error("Only a cell can be resolved by a value.", remedy="write 'take:' and a side.")
        elif column is not None:
            before = Choice(self._columns.setdefault(column, choice.side))
        else:
            self._table = self._table or choice.side
            before = Choice(self._table)
        if before != choice:
            raise node.error("This conflict has two different decisions.", remedy="keep one of the two.")

    def _row_key(self, node: YamlNode, kind: ConflictKind | None) -> RowKey:
        cells = node.need("key")
        present = dict(cells.entries())
        is_whole = kind is ConflictKind.ROW_COUNT or (kind is None and len(present) == len(self._whole))
        names = self._whole if is_whole else self._key
        cells.only(*names)
        for name in names:
            if name not in present:
                raise cells.error(f"The key column '{name}' is missing.", remedy=f"add '{name}:'.")
        return tuple(_as_cell(cells, name) for name in names)


def _side(file: ConflictFile, side: Side) -> str:
    found = file.objects.get(side)
    return flow_mapping(
        [("label", scalar(file.labels.get(side, ""))), ("object", scalar(found) if found else "null")]
    )


def _wide_choices(decided: Resolutions) -> Iterator[str]:
    if decided.table or decided.columns:
        yield "take:"
    if decided.table:
        yield f"  table: {decided.table}"
    if decided.columns:
        chosen = flow_mapping((scalar(name), side) for name, side in decided.columns.items())
        yield f"  columns: {chosen}"


def _conflict_facts(one: ListedConflict, file: ConflictFile) -> list[tuple[str, str]]:
    conflict = one.conflict
    facts = [("kind", conflict.kind.value)]
    if conflict.kind.is_about_rows:
        names = file.whole if conflict.kind is ConflictKind.ROW_COUNT else file.key
        facts += _place_facts(names, conflict.key, conflict.column)
    elif conflict.column is not None:
        facts.append(("column", scalar(conflict.column)))
    if one.is_hidden:
        facts.append(("hidden", "true"))
    else:
        facts += [
            ("base", _cell(conflict.base)),
            ("ours", _cell(conflict.ours)),
            ("theirs", _cell(conflict.theirs)),
        ]
    return [*facts, *([("detail", scalar(conflict.detail))] if conflict.detail is not None else [])]


def _place_facts(key: tuple[str, ...], cells: RowKey, column: str | None) -> list[tuple[str, str]]:
    where = flow_mapping((scalar(name), _cell(cell)) for name, cell in zip(key, cells, strict=True))
    return [("key", where), *([("column", scalar(column))] if column is not None else [])]


def _choice_facts(choice: Choice | None) -> list[tuple[str, str]]:
    if choice is None:
        return []
    return [("take", choice.side.value)] if choice.side else [("value", _cell(choice.value))]


def _entry(facts: list[tuple[str, str]]) -> list[str]:
    return [f"{'  - ' if place == 0 else '    '}{name}: {value}" for place, (name, value) in enumerate(facts)]


def _cell(cell: Cell) -> str:
    return "null" if cell is None else scalar(cell)


def _as_cell(node: YamlNode, name: str) -> Cell:
    found = node.child(name)
    return None if found is None else found.as_text()


def _as_choice(node: YamlNode, column: str | None) -> Choice | None:
    take = node.child("take")
    has_value = any(name == "value" for name, _ in node.entries())
    if take is not None and has_value:
        raise node.error("This is resolved by a side and by a value.", remedy="keep one of the two.")
    if take is not None:
        return Choice(_as_side(take))
    if not has_value:
        return None
    if column is None:
        raise node.error(
            "A value resolves one cell, and this entry names none.", remedy="write 'take:' and a side."
        )
    if node.flag("hidden"):
        raise node.error("A personal cell is resolved by a side.", remedy="write 'take:' and a side.")
    return Choice(None, _as_cell(node, "value"))


def _as_side(node: YamlNode) -> Side:
    word = node.as_text()
    if word not in set(Side):
        raise node.error(f"'{word}' is not a side of a merge.", remedy="write base, ours or theirs.")
    return Side(word)


def _as_kind(node: YamlNode) -> ConflictKind:
    word = node.as_text()
    if word not in set(ConflictKind):
        raise node.error(f"This version of tdmvc does not know the kind of conflict '{word}'.")
    return ConflictKind(word)
