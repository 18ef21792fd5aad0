"""The documents of migrations and drift."""

from tdmvc.model import (
    live_migrations,
    migration,
)
from tdmvc.render.json import declare

declare(migration.MigrationsReport, "locations unreadable database", format="tdmvc.migrations/1")
declare(live_migrations.DatabaseMigrations, "url locations findings")
declare(
    live_migrations.AppliedLocation,
    "name tool table heads counts migrations",
    counts=lambda location, scope: {str(status): count for status, count in location.counts.items()},
)
declare(live_migrations.FoundMigration, "id name path? status")
declare(migration.MigrationState, "*location heads count digest problems migrations")
declare(migration.UnreadableLocation, "*location message where? remedy")
declare(migration.Migration, "id name path parents touches replaces")
declare(migration.MigrationProblem, "kind message path", path=lambda problem, scope: problem.place)
declare(migration.DriftReport, "drifts database findings", format="tdmvc.drift/1")
declare(
    migration.Drift,
    "dataset? ref kind location status at expected_heads actual_heads pending extra problems message remedy touched "
    "is_excused",
    # Nothing excuses a drift any more; the format keeps the member.
    is_excused=lambda drift, scope: False,
)
