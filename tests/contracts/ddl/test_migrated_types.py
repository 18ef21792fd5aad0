"""What migrations do to types and to tables that may be there: ALTER TYPE, and DO blocks that run more than once."""

import pytest

from tdmvc.errors import ConfigError
from tdmvc.model.schema import TableSchema
from tests.contracts.ddl.catalogs import read_script

MADE = "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood, ms mood[]);"


def table(more: str) -> TableSchema:
    return read_script(f"{MADE} {more}", "postgresql").contract.tables["t"]


@pytest.mark.parametrize(
    ("more", "labels"),
    [
        ("ALTER TYPE mood ADD VALUE 'glad'", ("sad", "ok", "glad")),
        ("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'", ("sad", "ok")),
        ("ALTER TYPE public.mood ADD VALUE 'so' BEFORE 'ok'", ("sad", "so", "ok")),
        ("ALTER TYPE mood ADD VALUE 'so' AFTER 'sad'", ("sad", "so", "ok")),
        ("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", ("sad", "fine")),
        ("ALTER TYPE mood OWNER TO me", ("sad", "ok")),
    ],
)
def test_labels_that_are_added_later_are_those_of_columns_too(more: str, labels: tuple[str, ...]) -> None:
    found = table(more)
    assert [one.labels for one in found.columns[1].user_types] == [labels]
    assert [one.labels for one in found.columns[2].user_types] == [labels]


def test_a_type_that_takes_the_place_of_another_one() -> None:
    found = table(
        "CREATE TYPE mood_new AS ENUM ('glad'); ALTER TABLE t ALTER m TYPE mood_new USING m::text::mood_new;"
        " ALTER TYPE mood RENAME TO mood_old; ALTER TYPE mood_new RENAME TO mood;"
    )
    m, ms = found.columns[1:]
    assert (m.physical_type, m.user_types[0].labels) == ("mood", ("glad",))
    assert (ms.physical_type, ms.user_types[0].name) == ("mood_old[]", "mood_old")


@pytest.mark.parametrize("what", ["ADD VALUE 'ok'", "ADD VALUE 'x' AFTER 'y'", "RENAME VALUE 'x' TO 'y'"])
def test_labels_that_do_not_fit_are_an_error_with_its_line(what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_script(f"{MADE}\n\nALTER TYPE mood {what};", "postgresql")
    assert refused.value.line == 3


def test_a_block_that_passes_over_what_is_there_is_read() -> None:
    script = """
        DO $$ BEGIN
          CREATE TYPE size AS ENUM ('s', 'm');
        EXCEPTION WHEN duplicate_object THEN null; END $$;
        CREATE TABLE IF NOT EXISTS a (id int PRIMARY KEY);
        CREATE TABLE b (id int PRIMARY KEY, a_id int, s size);
        DO $body$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'x') THEN
            ALTER TABLE b ADD CONSTRAINT x FOREIGN KEY (a_id) REFERENCES a (id);
          END IF;
        END $body$;
        DO $$ BEGIN
          CREATE TYPE size AS ENUM ('s', 'm', 'l'); ALTER TABLE b ADD id int;
        EXCEPTION WHEN duplicate_object THEN null; END $$;
    """
    found = read_script(script, "postgresql")
    b = found.contract.tables["b"]
    assert [one.table for one in b.references] == ["a"]
    [place] = [rule.place for rule in found.rules if rule.id == "b.a_id.references"]
    assert place is not None
    assert place.line == 9
    assert found.notes == ()


@pytest.mark.parametrize(
    "body", ["IF x THEN ALTER TABLE t ADD a int; END IF;", "EXECUTE 'ALTER TABLE t ADD a int';"]
)
def test_a_block_whose_effect_depends_on_rows_is_reported(body: str) -> None:
    found = read_script(f"{MADE} DO $$ BEGIN {body} END $$;", "postgresql")
    assert [one.name for one in found.contract.tables["t"].columns] == ["id", "m", "ms"]
    assert [note.message for note in found.notes if "DO" in note.message] != []


def test_an_index_without_a_name_has_that_of_the_engine() -> None:
    assert [one.name for one in table("CREATE INDEX ON t (id, m);").indexes] == ["t_id_m_idx"]


def test_a_reference_that_is_checked_later_stays() -> None:
    more = "ALTER TABLE t ADD CONSTRAINT r FOREIGN KEY (id) REFERENCES t; ALTER TABLE t ALTER CONSTRAINT r DEFERRABLE;"
    assert len(table(more).references) == 1
