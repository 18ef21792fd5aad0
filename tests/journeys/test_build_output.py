from collections.abc import Callable
from pathlib import Path

from tests.builders import Ran, git

MIGRATION = """from django.db import migrations

class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.CreateModel(name="Order", fields=[])]
"""


def write(repo: Path, path: str, text: str) -> None:
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).write_text(text)


def test_build_copies_are_neither_found_nor_read_nor_counted(tdmvc: Callable[..., Ran], repo: Path) -> None:
    write(repo, ".gitignore", "build/\n")
    write(repo, "manage.py", "")
    write(repo, "shop/migrations/0001_initial.py", MIGRATION)
    write(repo, "api/src/main/resources/db/migration/V1__start.sql", "create table orders (id int);")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "An application")
    write(repo, "build/lib/shop/migrations/0001_initial.py", MIGRATION)
    write(repo, "api/build/resources/main/db/migration/V1__start.sql", "create table orders (id int);")
    (repo / "tdmvc.yaml").unlink()
    found = tdmvc("init", "--format", "json").json["migrations"]
    assert {(one["tool"], one["path"]) for one in found} == {
        ("django", "."),
        ("flyway", "api/src/main/resources/db/migration"),
    }
    here = tdmvc("migrations", "--format", "json").json["locations"]
    there = tdmvc("migrations", "--at", "HEAD", "--format", "json").json["locations"]
    assert [one["problems"] for one in here] == [[], []]
    assert here == there
    write(repo, "rows/orders.csv", "id\n1\n")
    tdmvc("add", "golden", "rows", "--key", "orders=id")
    tdmvc("publish", "golden", "1.0.0")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Data")
    tdmvc("drift", "golden@1.0.0", "--at", "HEAD")
    tdmvc("drift", "golden@1.0.0")
