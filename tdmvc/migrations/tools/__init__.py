"""A reader for each migration tool, in a file of the tool's name; files beside a reader belong to its tool alone.

What several tools share lies one folder up.
"""

from typing import Final

from tdmvc.migrations.base import Reader
from tdmvc.migrations.tools.alembic import AlembicReader
from tdmvc.migrations.tools.django import DjangoReader
from tdmvc.migrations.tools.flyway import FlywayReader
from tdmvc.migrations.tools.sql import SqlReader

READERS: Final[dict[str, Reader]] = {
    reader.name: reader for reader in (AlembicReader(), DjangoReader(), FlywayReader(), SqlReader())
}
"""Every reader by its tool's name, in the order in which their finds are listed."""
