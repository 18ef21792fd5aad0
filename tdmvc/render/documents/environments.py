"""The documents of environments. Exports have passwords in them, and are published on request only."""

from tdmvc.model import (
    environment,
    environment_report,
)
from tdmvc.render.json import declare

declare(
    environment_report.RunReport,
    "environment command exit_code database? refs template? steps error? notes kept seconds",
    format="tdmvc.run/1",
)
declare(environment.RunStep, "name seconds detail is_skipped error?")
declare(
    environment_report.KeptEnvironment,
    "name environment database refs template since size_bytes services process variables",
    variables=lambda kept, scope: sorted(kept.exports),
)
declare(environment_report.ShownEnvironment, "*kept exports-", format="tdmvc.environment/1")
declare(environment_report.UpReport, "status environment=kept steps changed", format="tdmvc.up/1")
declare(environment_report.DownReport, "stopped cleaned", format="tdmvc.down/1")
declare(
    environment_report.EnvironmentReset,
    "name database method=report.method seconds=report.seconds ended_connections=report.ended_connections "
    "why=report.why remains=report.remains",
    format="tdmvc.reset/1",
)
declare(environment_report.EnvironmentList, "environments others", format="tdmvc.environments/1")
declare(environment_report.DeclaredEnvironment, "name database datasets folder running")
declare(
    environment_report.TemplatesReport,
    "is_applied grace_days size_bytes old_bytes removed_bytes templates notes",
    format="tdmvc.templates/1",
)
declare(environment_report.ListedTemplate, "name label engine size_bytes used_at place is_old is_removed")
