"""JSON lists of objects, and JSON lines."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sources.base import SourceRequest, check_column_names, stem
from tdmvc.sources.json_stream import is_list, read_items
from tdmvc.sources.json_types import JsonProfile, SurrogateError, batch_reader, check_text, json_column

LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
SUFFIXES = (".json", ".json.gz", *LINE_SUFFIXES)


class JsonKind:
    """A JSON list of objects, or one object a line."""

    name = "JSON (.json: a list of objects; .jsonl, .ndjson: one object a line)"

    def matches(self, path: Path) -> bool:
        return path.is_file() and path.name.lower().endswith(SUFFIXES)

    def open(self, path: Path, request: SourceRequest) -> list[SourceTable]:
        profiles = _profile(path)
        check_column_names(list(profiles), path)
        columns = {name: json_column(name, profile, has_structs=True) for name, profile in profiles.items()}
        schema = TableSchema(request.table or stem(path), tuple(item.column for item in columns.values()))
        notes = tuple(
            f"{name}: kept as JSON text, since its values are of different kinds"
            for name, item in columns.items()
            if item.is_json_text
        )

        def rows() -> Iterator[Mapping[str, object]]:
            return (item.value for item in read_items(path))

        return [SourceTable(schema, ArrowScan(batch_reader(columns, rows)), str(path), notes=notes)]


def _profile(path: Path) -> dict[str, JsonProfile]:
    profiles: dict[str, JsonProfile] = {}
    count = 0
    for item in read_items(path):
        count += 1
        try:
            for name, value in item.value.items():
                if name not in profiles:
                    check_text(name)
                    profiles[name] = JsonProfile()
                profiles[name].add(value)
        except SurrogateError:
            raise surrogate_error(path, item.line) from None
    if not profiles:
        raise SourceError.unreadable(
            path, "no object names a column.", remedy="give at least one row, or use CSV or Parquet."
        )
    if count == 1 and not is_list(path) and not path.name.lower().endswith(LINE_SUFFIXES):
        raise SourceError.unreadable(
            path,
            "the file is a single object, not a list of rows.",
            remedy="give a list of objects; keep each table in a file of its own.",
        )
    return profiles


def surrogate_error(path: Path, line: int) -> SourceError:
    """Return the error for a text that cannot be kept."""
    return SourceError.unreadable(
        path,
        f"line {line}: a text holds half of a surrogate pair, which has no UTF-8.",
        remedy="escape the character as a whole pair, or remove it.",
    )
