"""Random changelogs of Liquibase, in four formats, that include each other."""

import json
from xml.sax.saxutils import quoteattr

import yaml
from hypothesis import strategies as st

XSD = "http://www.liquibase.org/xml/ns/dbchangelog"
XML = f'<databaseChangeLog xmlns="{XSD}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n' + (
    f'    xsi:schemaLocation="{XSD} {XSD}/dbchangelog-latest.xsd"'
)

IDS = st.one_of(
    st.sampled_from(["1", "2", "1.10", "01", "1e3", "true", "2024-01-01", "add orders", "a:b", "x::y", "é"]),
    st.integers(1, 99).map(str),
)
AUTHORS = st.sampled_from(["mira", "Jo Berg", "jo.berg", "a/b"])
FOLDERS = st.sampled_from(["", "", "db/", "db/2024/", "other/"])
NAMES = st.sampled_from(["a", "B", "b", "v1", "v10", "v2", "_x", "1"])
LEAVES = st.sampled_from(["all/", "all/", "all/deep/", "all/deep/er/", "db/all/"])
LOGICAL = st.sampled_from([None, None, None, None, "moved/away.xml", "x"])


@st.composite
def change_sets(draw):
    """One change set that runs once, again with every edit, or never."""
    attributes = {"id": draw(IDS), "author": draw(AUTHORS)}
    if (logical := draw(LOGICAL)) is not None:
        attributes["logicalFilePath"] = logical
    if (again := draw(st.sampled_from([None] * 9 + ["runAlways", "runOnChange", "ignore"]))) is not None:
        attributes[again] = draw(st.booleans())
    return "changeSet", attributes


@st.composite
def includes(draw, by, target):
    """An include of a file, relative to the changelog that names it or to the top."""
    above = by.count("/")
    is_relative = draw(st.booleans())
    attributes = {"file": "../" * above + target if is_relative else target}
    if is_relative or draw(st.booleans()):
        attributes["relativeToChangelogFile"] = is_relative
    return "include", attributes


@st.composite
def includes_of_all(draw, by):
    """An include of all changelogs of a folder."""
    folder = draw(st.sampled_from(["all", "all/deep", "db/all"]))
    is_relative = draw(st.booleans())
    attributes = {
        "path": ("../" * by.count("/") if is_relative else "") + folder + draw(st.sampled_from(["", "/"]))
    }
    if is_relative:
        attributes["relativeToChangelogFile"] = True
    more = {"endsWithFilter": ["sql", ".yaml", "1.xml"], "minDepth": [1, 2], "maxDepth": [1, 2]}
    for key in draw(st.sets(st.sampled_from(sorted(more)), max_size=1)):
        attributes[key] = draw(st.sampled_from(more[key]))
    if draw(st.booleans()):
        attributes["errorIfMissingOrEmpty"] = False
    return "includeAll", attributes


def spell(entries, ending, logical_path=None):
    """Return a changelog's text in the format of its ending."""
    if ending == "sql":
        head = "--liquibase formatted sql" + (f" logicalFilePath:{logical_path}" if logical_path else "")
        return "\n".join([head, *(_sql(attributes) for _, attributes in entries), ""])
    if ending == "xml":
        head = XML + (f" logicalFilePath={quoteattr(logical_path)}" if logical_path else "")
        return "\n".join(
            [f"{head}>", *(_xml(kind, attributes) for kind, attributes in entries), "</databaseChangeLog>\n"]
        )
    content = [{"logicalFilePath": logical_path}] if logical_path else []
    content += [
        {kind: _typed(attributes) if ending == "yaml" else attributes} for kind, attributes in entries
    ]
    log = {"databaseChangeLog": content}
    return json.dumps(log, indent=1) if ending == "json" else yaml.safe_dump(log, sort_keys=False)


def _typed(attributes):
    """Return values as people write them in YAML, without quotes around numbers."""
    return {
        key: yaml.safe_load(value) if key == "id" and value in NUMBERS else value
        for key, value in attributes.items()
    }


NUMBERS = {"1", "2", "1.10", "true"}


def _xml(kind, attributes):
    return (
        f"  <{kind} "
        + " ".join(f"{key}={quoteattr(_plain(value))}" for key, value in attributes.items())
        + "/>"
    )


def _sql(attributes):
    more = "".join(
        f" {key}:{_plain(value)}" for key, value in attributes.items() if key not in {"id", "author"}
    )
    name = f"{attributes['author']}:{attributes['id']}"
    return f"--changeset {_quoted(name)}{more}\nselect 1;"


def _quoted(name):
    return f'"{name}"' if " " in name else name


def _plain(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


@st.composite
def projects(draw):
    """A master, changelogs that it and they include, and folders of changelogs that some include as a whole."""
    endings = st.sampled_from(["xml", "yaml", "json"])
    count = draw(st.integers(0, 4))
    paths = [f"changelog.{draw(endings)}"]
    for number in range(count):
        ending = draw(st.sampled_from(["xml", "yaml", "json", "sql"]))
        paths.append(f"{draw(FOLDERS)}{draw(NAMES)}{number}.{ending}")
    files = {}
    for number, path in enumerate(paths):
        ending = path.rpartition(".")[2]
        kinds = [change_sets()]
        if ending != "sql":
            kinds += [includes(path, later) for later in paths[number + 1 :]]
            kinds += [includes_of_all(path)] if draw(st.integers(0, 2)) == 0 else []
        files[path] = spell(draw(st.lists(st.one_of(kinds), max_size=4)), ending, draw(LOGICAL))
    for _ in range(draw(st.integers(0, 4))):
        ending = draw(st.sampled_from(["xml", "yaml", "json", "sql"]))
        entries = draw(st.lists(change_sets(), min_size=1, max_size=2))
        files[f"{draw(LEAVES)}{draw(NAMES)}.{ending}"] = spell(entries, ending)
    if draw(st.integers(0, 4)) == 0:
        files[f"all/{draw(st.sampled_from(['README.md', '.gitkeep', 'deep/notes.txt']))}"] = "The old shop.\n"
    return files
