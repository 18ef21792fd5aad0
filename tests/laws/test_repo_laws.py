"""Laws of names and files: what is written is read as the same, whatever it is called."""

from dataclasses import replace

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE, format_type
from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.formats.config import parse_config, render_config
from tdmvc.formats.conflict_file import parse_conflict_file, render_conflict_file
from tdmvc.formats.dataset import parse_dataset
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.formats.versions import parse_version, render_version
from tdmvc.model.dataset import DatasetConfig, DatasetKind, DiffRules, RepoConfig
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import BumpLevel
from tdmvc.model.merge import Choice, Conflict, ConflictKind, Resolutions, RowKey, Side
from tdmvc.model.merge_report import ConflictFile, ListedConflict
from tdmvc.model.migration import MigrationLocation, RecordedState
from tdmvc.model.names import RESERVED, folder_name, new_folder_name, table_name
from tdmvc.model.reference import parse_pair, parse_reference
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.version import SemVer, Version, VersionTable
from tdmvc.yaml.reader import parse_yaml
from tdmvc.yaml.writer import scalar
from tests.series import trials

FEW = settings(max_examples=trials(40, 10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=trials(300, 20), deadline=None)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
odd = st.sampled_from(
    [
        "on",
        "no",
        "null",
        "~",
        "1.0",
        "0001",
        "1e5",
        "<<",
        "=",
        "-",
        "a.b",
        "a b",
        " x",
        "a#b",
        "a: b",
        "'",
        '"',
        "ü",
        "A",
        "a",
    ]
)
name = st.one_of(odd, st.text("abcXYZ_019.- /%é", min_size=1, max_size=8), text.filter(bool))
hash_ = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:".__add__)
object_ = st.text("0123456789abcdef", min_size=32, max_size=32).map(lambda md5: md5 + ".dir")
number = st.integers(0, 10**12)
semver = st.builds(
    SemVer,
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from([(), ("rc", "1"), ("0",)]),
)
state = st.builds(
    RecordedState, name, st.lists(name, max_size=3).map(tuple), st.none() | number, st.none() | hash_
)
version = st.builds(
    Version,
    dataset=name,
    version=semver,
    kind=name,
    published=name,
    content=hash_,
    contract=hash_,
    tables=st.dictionaries(name, st.builds(VersionTable, object_, hash_, number, number, hash_), max_size=3),
    parent=st.none() | semver,
    release=st.none() | name,
    commit=st.none() | name,
    migrations=st.dictionaries(name, state, max_size=2),
    bump=st.sampled_from(BumpLevel),
    reasons=st.lists(text, max_size=3).map(tuple),
    notes=st.none() | text,
)
dataset = st.builds(
    DatasetConfig,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,9}", fullmatch=True).filter(
        lambda n: n.lower()[:3] not in {"con", "prn", "aux", "nul", "com", "lpt"}
    ),
    kind=st.sampled_from(DatasetKind),
    description=st.none() | text,
    migrations=st.dictionaries(name, state, max_size=3),
    diff=st.dictionaries(
        name, st.builds(DiffRules, st.lists(name, min_size=1, max_size=2).map(tuple)), max_size=3
    ),
    ignore=st.lists(name.map(lambda n: f"*.x{n}y"), max_size=2).map(tuple),
    part_rows=st.none() | st.integers(1, 10**6),
)
type_ = st.recursive(
    st.sampled_from(list(SIMPLE.values()))
    | st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: pa.decimal128(p, s))),
    lambda inner: (
        inner.map(pa.list_)
        | st.dictionaries(st.sampled_from(["a", "b c", 'q"', "d.e"]), inner, min_size=1, max_size=2).map(
            lambda fields: pa.struct(list(fields.items()))
        )
    ),
    max_leaves=3,
)
physical = st.none() | st.sampled_from(
    [
        "INTEGER",
        "numeric(10,2)",
        "numeric",
        "jsonb",
        "uuid",
        "timestamp",
        "int8",
        "tinyint(1)",
        "x y",
        "1.0",
        "int[]",
    ]
)


@st.composite
def columns(draw: st.DrawFn) -> tuple[Column, ...]:
    found = []
    for column in draw(st.lists(name, min_size=1, max_size=4, unique=True)):
        chosen, word = draw(type_), draw(physical)
        found.append(
            Column(
                column,
                chosen,
                None if word == format_type(chosen) else word,
                draw(st.booleans()),
                draw(st.booleans()),
                draw(st.none() | st.sampled_from(["public", "personal", "1"])),
            )
        )
    return tuple(found)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, TableSchema]:
    found = {
        table: TableSchema(table, draw(columns()))
        for table in draw(st.lists(name, min_size=1, max_size=3, unique=True))
    }
    for table, schema in list(found.items()):
        key = draw(st.lists(st.sampled_from(schema.column_names), max_size=3, unique=True))
        references = set()
        for target in draw(st.lists(st.sampled_from([*found, "not.here", "elsewhere"]), max_size=3)):
            to = found[target].column_names if target in found else ("id", "x y")
            width = draw(st.integers(1, min(2, len(to), len(schema.columns))))
            mine = draw(st.permutations(schema.column_names))[:width]
            references.add(ForeignKey(tuple(mine), target, tuple(draw(st.permutations(to))[:width])))
        ordered = tuple(sorted(references, key=lambda r: (r.columns, r.table, r.to)))
        found[table] = replace(schema, key=tuple(key), references=ordered)
    return found


@MANY
@given(text | odd)
def test_a_scalar_is_read_as_it_was_rendered(value: str) -> None:
    assert parse_yaml(f"k: [{scalar(value)}]\n", "p").texts("k") == (value,)
    assert parse_yaml(f"{scalar(value)}: 1\n", "p").text(value) == "1"


@FEW
@given(version)
def test_a_version_is_read_as_it_was_rendered(value: Version) -> None:
    rendered = render_version(value)
    assert parse_version(rendered, "p") == value
    assert render_version(parse_version(rendered, "p")) == rendered


@FEW
@given(dataset, dataset)
def test_a_dataset_is_read_as_it_was_written_and_updated(old: DatasetConfig, new: DatasetConfig) -> None:
    written = update_dataset(None, old)
    assert parse_dataset(written, "p") == old
    assert update_dataset(written, old) == written
    assert parse_dataset(update_dataset(written, new), "p") == new


@FEW
@given(tables(), tables())
def test_a_contract_is_read_as_it_was_written_and_updated(
    old: dict[str, TableSchema], new: dict[str, TableSchema]
) -> None:
    written = update_contract(None, "golden", old)
    assert parse_contract(written, "p").tables == old
    assert update_contract(written, "golden", old) == written
    changes: dict[str, TableSchema | None] = dict.fromkeys(old)
    updated = parse_contract(update_contract(written, "golden", changes | new), "p").tables
    assert set(updated) == set(new)
    for table, schema in new.items():
        found = updated[table]
        assert found.key == schema.key
        # Columns keep their old places, and a classification that a source does not know stays.
        for column in schema.columns:
            mine = found.column(column.name)
            assert mine is not None
            assert replace(mine, classification=None) == replace(column, classification=None)
            assert column.classification in (None, mine.classification)
        assert len(found.columns) == len(schema.columns)
        assert found.references == schema.references


# No tag, file or argument contains a NUL, and a config with one is refused.
path_text = name.filter(lambda text: "\0" not in text)


@FEW
@given(
    st.lists(st.tuples(path_text, path_text), max_size=3, unique_by=lambda pair: pair[0]),
    st.none() | path_text,
)
def test_a_config_is_read_as_it_was_rendered(locations: list[tuple[str, str]], app: str | None) -> None:
    config = RepoConfig(
        app_name=app, migrations=tuple(MigrationLocation(n, t, "migrations", pattern=t) for n, t in locations)
    )
    assert parse_config(render_config(config), "p") == config


@MANY
@given(name)
def test_a_folders_name_leads_back_to_its_table(table: str) -> None:
    folder = folder_name(table)
    assert table_name(folder) == table
    assert folder.lower() not in RESERVED
    assert not set(folder) & set('/\\:*?"<>|\0')
    assert folder.strip(" .") == folder
    assert folder.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@MANY
@given(st.lists(st.one_of(name, st.text("aAbBßéÉſ%6", min_size=1, max_size=4)), max_size=5, unique=True))
def test_no_two_tables_share_a_folder_when_case_is_folded(names: list[str]) -> None:
    folders: dict[str, str] = {}
    for table in names:
        folders[table] = new_folder_name(table, folders.values())
    assert len({folder.casefold() for folder in folders.values()}) == len(names)
    assert {table_name(folder): folder for folder in folders.values()} == {n: folders[n] for n in names}


@MANY
@given(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]*", fullmatch=True),
    st.none() | st.from_regex(r"[^@.\s:]+", fullmatch=True),
)
def test_a_reference_is_read_as_it_was_written(dataset_name: str, at: str | None) -> None:
    written = f"{dataset_name}@{at}" if at else dataset_name
    reference = parse_reference(written)
    assert (reference.dataset, reference.at, str(reference)) == (dataset_name, at, written)
    pair = parse_pair(f"{written}...{dataset_name}@x")
    assert pair is not None
    assert pair.from_merge_base
    assert (str(pair.old), str(pair.new)) == (written, f"{dataset_name}@x")


cells = st.none() | text | odd
sides = st.sampled_from(list(Side))
choices = st.builds(Choice, sides) | st.builds(Choice, st.none(), cells)


@st.composite
def conflict_files(draw: st.DrawFn) -> ConflictFile:
    key = tuple(draw(st.lists(name, max_size=3, unique=True)))
    whole = key + tuple(draw(st.lists(name.filter(lambda one: one not in key), max_size=2, unique=True)))
    keys = st.tuples(*(cells for _ in key))
    wholes = st.tuples(*(cells for _ in whole))
    listed = []
    for kind in draw(st.lists(st.sampled_from(list(ConflictKind)), max_size=4)):
        is_hidden = draw(st.booleans())
        values = [None] * 3 if is_hidden else [draw(cells) for _ in Side]
        where = draw(wholes if kind is ConflictKind.ROW_COUNT else keys) if kind.is_about_rows else ()
        column = draw(st.none() | name)
        listed.append(
            ListedConflict(
                Conflict(kind, where, column, *values, detail=draw(st.none() | name)), is_hidden=is_hidden
            )
        )
    unique = {(one.conflict.key, one.conflict.column): one for one in listed}
    rows: dict[RowKey, dict[str | None, Choice]] = {}
    for where in draw(st.lists(keys | wholes, max_size=3)):
        column = draw(st.none() | name)
        choice = draw(choices if column is not None else st.builds(Choice, sides))
        one = unique.get((where, column))
        if one is None or not (one.is_hidden and choice.side is None):
            rows.setdefault(where, {})[column] = choice
    return ConflictFile(
        draw(name),
        {side: draw(st.none() | st.just("0" * 32 + ".dir")) for side in Side},
        {side: draw(st.just("") | name) for side in Side},
        key,
        whole,
        tuple(draw(st.lists(st.sampled_from(key), unique=True))) if key else (),
        tuple(unique.values()),
        draw(st.integers(0, 10**9)),
        Resolutions(draw(st.none() | sides), draw(st.dictionaries(name, sides, max_size=2)), rows),
    )


@MANY
@given(conflict_files())
def test_a_file_of_conflicts_is_read_as_it_was_written(file: ConflictFile) -> None:
    assert parse_conflict_file(render_conflict_file(file, "tdmvc resolve"), "x") == file
