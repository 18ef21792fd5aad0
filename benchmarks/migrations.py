"""What it costs to read an application's migrations at a past revision, compared with the tool and with Git alone."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import GIB, Figure, in_seconds
from benchmarks.processes import TDMVC, Side, Timing, alternate, run

FILES = 1_500
_TARGET_SECONDS = 1.0
_TARGET_GIB = 0.25
_READ_ALL = "git ls-tree -r HEAD~1 migrations | cut -f1 | cut -d' ' -f3 | git cat-file --batch > /dev/null"
_ALEMBIC_HEADS = (
    "from alembic.script import ScriptDirectory; print(ScriptDirectory('migrations').get_heads())"
)


def measure_migrations(work: Path, *, runs: int) -> Iterator[Figure]:
    """Time `migrations` and `drift` at the commit before the last, where the folder no longer exists.

    Args:
        work: an empty folder.
    """
    for tool, write in (("alembic", _write_alembic), ("django", _write_django), ("flyway", _write_flyway)):
        shop = work / tool
        _make_repository(shop, tool, write)
        git_alone = Side(("sh", "-c", _READ_ALL), shop)
        for words in (("migrations", "--at", "HEAD~1"), ("drift", "--at", "HEAD~1")):
            ours, peer = alternate(Side((*TDMVC, *words, *_quietly(words)), shop), git_alone, runs=runs)
            yield _cpu(f"{tool}: tdmvc {' '.join(words)}", ours, peer, "git ls-tree and cat-file")
        yield Figure(
            f"{tool}: peak memory",
            f"{ours.peak_bytes / GIB:.2f} GiB",
            "",
            ours.peak_bytes / GIB,
            _TARGET_GIB,
            "GiB",
        )
        if tool == "alembic":
            checked_out = work / "checked-out"
            checked_out.mkdir()
            (checked_out / "migrations").mkdir()
            shutil.copytree(work / "files", checked_out / "migrations" / "versions")
            own = Side((sys.executable, "-c", _ALEMBIC_HEADS), checked_out)
            ours, peer = alternate(Side((*TDMVC, "migrations", "--at", "HEAD~1"), shop), own, runs=runs)
            yield _cpu(
                "alembic: tdmvc migrations --at HEAD~1", ours, peer, "Alembic's own heads, checked out, warm"
            )


def _quietly(words: tuple[str, ...]) -> tuple[str, ...]:
    return ("--fail-on", "none") if words[0] == "drift" else ()


def _cpu(what: str, ours: Timing, peer: Timing, peer_name: str) -> Figure:
    """Compare the processor's time, which a busy machine does not change; the target is absolute."""
    return Figure(
        what,
        f"{in_seconds(ours.cpu_median)} CPU",
        f"{in_seconds(peer.cpu_median)} {peer_name}",
        ours.cpu_median,
        _TARGET_SECONDS,
        "s",
        f" ({ours.cpu_median / peer.cpu_median:.3g} ×)",
    )


def _make_repository(shop: Path, tool: str, write: Callable[[Path], None]) -> None:
    """Make a dataset at the first of two commits; the second takes the migrations away."""
    shop.mkdir()
    run(shop, "git", "init", "-q", "-b", "main")
    write(shop / "migrations")
    if tool == "alembic":
        shutil.copytree(shop / "migrations" / "versions", shop.parent / "files")
    run(shop, *TDMVC, "init")
    (shop / "tdmvc.yaml").write_text(
        f"format: tdmvc/1\nmigrations:\n  main: {{tool: {tool}, path: migrations}}\n", encoding="utf-8"
    )
    (shop.parent / "orders.csv").write_text("id\n1\n", encoding="utf-8")
    run(shop, *TDMVC, "add", "golden", str(shop.parent / "orders.csv"), "--key", "orders=id")
    run(shop, "git", "add", "-A")
    run(shop, "git", "commit", "-qm", "Migrations")
    shutil.rmtree(shop / "migrations")
    run(shop, "git", "add", "-A")
    run(shop, "git", "commit", "-qm", "No migrations")
    run(shop, "git", "gc", "-q")


def _write_alembic(folder: Path) -> None:
    """Three tables and a downgrade each, as Alembic's autogenerate writes them: 1.6 kB per file."""
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for number in range(FILES):
        tables = "".join(
            f'    op.create_table(\n        "table_{number}_{n}",\n'
            '        sa.Column("id", sa.Integer(), nullable=False),\n'
            '        sa.Column("name", sa.String(length=250), nullable=True),\n'
            '        sa.ForeignKeyConstraint(["other_id"], ["other.id"]),\n'
            '        sa.PrimaryKeyConstraint("id"),\n    )\n'
            for n in range(3)
        )
        down = f'"{number - 1:012x}"' if number else "None"
        (versions / f"{number:012x}_step_{number}.py").write_text(
            f'"""Step {number}\n\nRevision ID: {number:012x}\n"""\n\nimport sqlalchemy as sa\n'
            f'from alembic import op\n\nrevision = "{number:012x}"\ndown_revision = {down}\n'
            f"branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n{tables}\n\n"
            f'def downgrade():\n    op.drop_table("table_{number}_0")\n',
            encoding="utf-8",
        )


def _write_django(folder: Path) -> None:
    """Thirty applications of fifty migrations each, with one field and one model per file."""
    for app in range(30):
        migrations = folder / f"app{app}" / "migrations"
        migrations.mkdir(parents=True)
        for number in range(FILES // 30):
            before = f'("app{app}", "{number - 1:04d}_step")' if number else ""
            (migrations / f"{number:04d}_step.py").write_text(
                "import django.db.models.deletion\nfrom django.db import migrations, models\n\n\n"
                f"class Migration(migrations.Migration):\n    dependencies = [{before}]\n    operations = [\n"
                f'        migrations.CreateModel(\n            name="Model{number}",\n            fields=[\n'
                '                ("id", models.AutoField(primary_key=True, serialize=False)),\n'
                '                ("name", models.CharField(max_length=250)),\n            ],\n'
                '            options={"verbose_name": "model"},\n        ),\n'
                f'        migrations.AddField("Model0", "f{number}", models.TextField(null=True)),\n    ]\n',
                encoding="utf-8",
            )


def _write_flyway(folder: Path) -> None:
    """One table, one index and one data change per file: 0.7 kB."""
    folder.mkdir(parents=True)
    for number in range(1, FILES + 1):
        columns = ",\n".join(f"    column_{n} VARCHAR(250) NOT NULL DEFAULT ''" for n in range(10))
        (folder / f"V{number}__step_{number}.sql").write_text(
            f"-- Step {number}\nCREATE TABLE table_{number} (\n    id BIGINT PRIMARY KEY,\n{columns}\n);\n"
            f"CREATE INDEX table_{number}_ix ON table_{number} (column_1);\n"
            f"UPDATE orders SET step = {number} WHERE step = {number - 1};\n",
            encoding="utf-8",
        )
