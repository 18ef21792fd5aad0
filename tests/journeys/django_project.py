"""A Django project with a field of every kind, and a process that loads fixtures into its database."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MODELS = """
import decimal, uuid
from django.conf import settings
from django.db import models
from django.utils import timezone

class TagManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name)

class Tag(models.Model):
    name = models.SlugField(primary_key=True)
    objects = TagManager()
    def natural_key(self):
        return (self.name,)

class Customer(models.Model):
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    class Meta:
        db_table = "clients"

class Thing(models.Model):
    boolean = models.BooleanField(default=True)
    maybe = models.BooleanField(null=True)
    small = models.SmallIntegerField(default=-3)
    integer = models.IntegerField(null=True)
    big = models.BigIntegerField(null=True)
    number = models.FloatField(null=True)
    amount = models.DecimalField(max_digits=12, decimal_places=3, default=decimal.Decimal("1.500"))
    char = models.CharField(max_length=200, default="new")
    text = models.TextField(blank=True)
    email = models.EmailField(null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(default=timezone.now)
    clock = models.TimeField(null=True)
    took = models.DurationField(null=True)
    token = models.UUIDField(null=True, db_column="secret_token")
    data = models.JSONField(default=dict)
    blob = models.BinaryField(null=True)
    address = models.GenericIPAddressField(null=True)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True)
    one = models.OneToOneField(Tag, models.CASCADE, null=True)
    tags = models.ManyToManyField(Tag, related_name="+")
    others = models.ManyToManyField("self", symmetrical=False)

class Special(Thing):
    note = models.CharField(max_length=20)
"""

_MAIN = """
import json, sys
from pathlib import Path
from django.conf import settings
order = json.loads(sys.stdin.read())
sys.path.insert(0, order["folder"])
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": order["database"]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "my_shop"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, SECRET_KEY="x",
)
import django, io
from django.core.management import call_command
django.setup()
for words in order["before"]:
    call_command(*words, verbosity=0)
dumps = []
for fixture in order["fixtures"]:
    call_command("flush", verbosity=0, interactive=False)
    call_command("loaddata", fixture, verbosity=0)
    out = io.StringIO()
    call_command("dumpdata", "my_shop", "auth.user", "auth.group", stdout=out)
    dumps.append(json.loads(out.getvalue()))
print(json.dumps(dumps))
"""


def make_project(folder: Path) -> None:
    """Write the application, and the migrations that Django makes for it."""
    app = folder / "my_shop"
    (app / "migrations").mkdir(parents=True)
    (app / "__init__.py").touch()
    (app / "migrations" / "__init__.py").touch()
    (folder / "manage.py").write_text("# python manage.py\n")
    (app / "models.py").write_text(MODELS)
    run_django(folder, before=[["makemigrations", "my_shop"]])


def run_django(
    folder: Path,
    fixtures: Sequence[Path] = (),
    *,
    before: Sequence[Sequence[str]] = (["migrate"],),
    database: str = ":memory:",
) -> list[list[Mapping[str, Any]]]:
    """Load each fixture into an empty database, and return what `dumpdata` says of each."""
    order = {
        "folder": str(folder),
        "database": database,
        "before": [list(words) for words in before],
        "fixtures": list(map(str, fixtures)),
    }
    done = subprocess.run(
        [sys.executable, "-c", _MAIN], input=json.dumps(order), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[list[Mapping[str, Any]]] = json.loads(done.stdout)
    return found
