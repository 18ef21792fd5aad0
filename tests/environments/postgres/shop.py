"""A small shop for templates, which counts how often it is made."""

from tdmvc.environments.base import TemplateBuild
from tdmvc.model.location import Location, ServerLocation
from tests.environments.postgres.observed import connect


class Shop:
    """Makes a table of orders."""

    def __init__(self, rows: int = 3) -> None:
        self.rows = rows
        self.migrated = 0
        self.seeded = 0

    def migrate(self, location: Location) -> None:
        assert isinstance(location, ServerLocation)
        self.migrated += 1
        with connect(location) as connection:
            connection.execute("CREATE TABLE orders (id serial PRIMARY KEY, note text)")
            connection.execute(
                f'ALTER DATABASE "{location.database}" SET search_path = "$user", public, pg_catalog'
            )

    def seed(self, location: Location) -> None:
        assert isinstance(location, ServerLocation)
        self.seeded += 1
        with connect(location) as connection:
            connection.execute("TRUNCATE orders RESTART IDENTITY")
            connection.execute(
                "INSERT INTO orders (note) SELECT 'a' || i FROM generate_series(1, %s) AS i", [self.rows]
            )

    @property
    def build(self) -> TemplateBuild:
        return TemplateBuild(self.migrate, self.seed)
