"""Repositories of tools with an order of their own: drift of a dataset, now and at earlier revisions."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tdmvc.migrations.tools.atlas import hash_files, total_hash
from tests.builders import Tdmvc, commit_all

CASES = Path(__file__).parents[1] / "cases" / "migrations"
WHO = "2024-09-01T08:30:00Z Mira Lind <mira@lumen.example>"


def _append(path: str, text: str) -> Callable[[Path], None]:
    return lambda repo: (repo / path).write_text((repo / path).read_text() + text)


def _write(path: str, text: str) -> Callable[[Path], None]:
    def write(repo: Path) -> None:
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_text(text)

    return write


def _atlas(name: str, text: str) -> Callable[[Path], None]:
    def write(repo: Path) -> None:
        folder = repo / "migrations"
        (folder / name).write_text(text)
        entries = hash_files((path.name, path.read_text()) for path in sorted(folder.glob("*.sql")))
        lines = [f"h1:{total_hash(entries)}", *(f"{name} h1:{hash_}" for name, hash_ in entries)]
        (folder / "atlas.sum").write_text("\n".join(lines) + "\n")

    return write


def _drizzle(repo: Path) -> None:
    (repo / "drizzle" / "0003_new_wax.sql").write_text('ALTER TABLE "orders" ADD COLUMN "zip" text;')
    path = repo / "drizzle" / "meta" / "_journal.json"
    journal = json.loads(path.read_text())
    journal["entries"].append({"idx": 3, "when": 1730000000000, "tag": "0003_new_wax"})
    path.write_text(json.dumps(journal))


def _sqitch(repo: Path) -> None:
    _append("database/sqitch.plan", f"zip [orders] {WHO} # Where they live\n")(repo)
    _write("database/deploy/zip.sql", "ALTER TABLE orders ADD COLUMN zip text;")(repo)


SQL = "ALTER TABLE orders ADD COLUMN zip text;\n"
CHANGELOG = "src/main/resources/db/changelog"


@dataclass(frozen=True)
class Story:
    """One tool's repository, and its later changes."""

    tool: str
    path: str
    grow: Callable[[Path], None]
    """Adds one migration."""
    new: str
    edit: Callable[[Path], None]
    """Edits an old one."""
    breaks: Callable[[Path], None] | None = None
    """Makes the history unreadable."""
    broken_at: str = ""


STORIES = [
    Story(
        "liquibase",
        CHANGELOG,
        _append(
            f"{CHANGELOG}/2023/rules.yml",
            "- changeSet:\n    id: zip\n    author: mira\n    changes:\n    - sql: " + SQL,
        ),
        "db/changelog/2023/rules.yml::zip::mira",
        _append(f"{CHANGELOG}/scripts/seed.sql", "INSERT INTO regions (id) VALUES (2);\n"),
        _append(f"{CHANGELOG}/2023/tables.xml", "<more/>"),
        f"{CHANGELOG}/2023/tables.xml, line ",
    ),
    Story(
        "prisma",
        "prisma/migrations",
        _write("prisma/migrations/20240901083000_zip/migration.sql", SQL),
        "20240901083000_zip",
        _append("prisma/migrations/0_init/migration.sql", "-- later\n"),
    ),
    Story(
        "drizzle",
        "drizzle",
        _drizzle,
        "0003_new_wax",
        _append("drizzle/0001_red_wick.sql", "-- later\n"),
        _append("drizzle/meta/_journal.json", "}"),
        "drizzle/meta/_journal.json, line ",
    ),
    Story(
        "atlas",
        "migrations",
        _atlas("20240901083000_zip.sql", SQL),
        "20240901083000",
        _append("migrations/20230301120000.sql", "-- later\n"),
    ),
    Story(
        "sqitch",
        "database",
        _sqitch,
        "zip",
        _append("database/deploy/orders.sql", "-- later\n"),
        _append("database/sqitch.plan", "nobody knows when\n"),
        "database/sqitch.plan, line 14",
    ),
    Story(
        "yoyo",
        "db/migrations",
        _write(
            "db/migrations/20240901_01_zip.sql",
            f"-- depends: 20230301_01_Merge-both 20230401_01_Sql2-rules\n{SQL}",
        ),
        "20240901_01_zip",
        _append("db/migrations/20230201_01_Xy9zZ-orders.sql", "-- later\n"),
        _write("db/migrations/20250101_01_x.py", "\n__depends__ = find_out()\n"),
        "db/migrations/20250101_01_x.py, line 2",
    ),
]


@pytest.mark.parametrize("story", STORIES, ids=[story.tool for story in STORIES])
def test_a_dataset_is_reported_as_behind_edited_or_unreadable(tdmvc: Tdmvc, repo: Path, story: Story) -> None:
    def drift(*words: str, code: int = 1) -> dict[str, object]:
        (found,) = tdmvc("drift", *words, "--format", "json", code=code).json["drifts"]
        return found

    shutil.copytree(CASES / story.tool, repo, dirs_exist_ok=True)
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write(f"migrations:\n  main: {{tool: {story.tool}, path: {story.path}}}\n")
    source = repo.parent / "orders.csv"
    source.write_text("id,zip\n1,0150\n")
    tdmvc("add", "golden", source, "--key", "orders=id")
    commit_all(repo, "Start")
    assert drift(code=0)["status"] == "in-step"

    story.grow(repo)
    behind = drift()
    assert behind["status"] == "behind"
    assert [(m["id"], m["touches"]) for m in behind["pending"]] == [(story.new, ["orders"])]
    commit_all(repo, "One more")
    assert drift("--at", "HEAD~1", code=0)["status"] == "in-step"

    tdmvc("add", "golden", "--migrated")
    tdmvc("publish", "golden", "1.0.0")
    assert drift(code=0)["status"] == "in-step"
    assert drift("golden@1.0.0", "--at", "HEAD~1", code=0)["status"] == "ahead"
    story.edit(repo)
    assert drift("golden@1.0.0")["status"] == "edited"

    if story.breaks is not None:
        story.breaks(repo)
        broken = drift()
        assert broken["status"] == "unreadable"
        assert story.broken_at in str(broken["message"])
        wrong = tdmvc("migrations", code=None)
        assert wrong.code not in {0, 70}
        assert f"Where: {story.broken_at}" in wrong.err
