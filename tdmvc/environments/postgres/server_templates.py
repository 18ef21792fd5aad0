"""Templates that are databases of a server: made once, whichever runs want them, and removed if unused."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tdmvc.environments.base import StoredTemplate, TemplateBuild, TemplateKey
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.copies import finish_template
from tdmvc.environments.postgres.server_locks import TEMPLATE, ServerLocks
from tdmvc.environments.postgres.server_names import TemplateName, lock_of_template
from tdmvc.model.environment import TemplateOrigin
from tdmvc.sql.quoting import quote_name, quote_text

_DATABASES = """
    SELECT datname::text, pg_catalog.shobj_description(oid, 'pg_database'), pg_catalog.concat_ws(' ', oid, xmin)
    FROM pg_catalog.pg_database
    WHERE pg_catalog.pg_get_userbyid(datdba) = current_user AND NOT datallowconn
        AND pg_catalog.shobj_description(oid, 'pg_database') LIKE '{"tdmvc": "template"%'
"""
_MADE_AS = "SELECT pg_catalog.concat_ws(' ', oid, xmin) FROM pg_catalog.pg_database WHERE datname = %s"


@dataclass(frozen=True, slots=True)
class PostgresTemplate:
    """A template on a server, as its comment describes it."""

    name: str
    key: TemplateKey
    engine: str
    used_at: datetime
    made_as: str
    """What the server's catalog had when it was complete: whoever wants to write to it has to change that first."""
    is_unchanged: bool


class PostgresTemplates:
    """The templates of one user of a server."""

    def __init__(
        self, administrator: Administrator, locks: ServerLocks, engine: str, limit_bytes: int
    ) -> None:
        """Take the place of the templates.

        Args:
            engine: the provider's version.
            limit_bytes: how large all templates may become together before unused ones are removed.
        """
        self._administrator = administrator
        self._locks = locks
        self._engine = engine
        self._limit_bytes = limit_bytes

    def provide(self, name: TemplateName, key: TemplateKey, build: TemplateBuild) -> TemplateOrigin:
        """Find the template with a key, or make it; nobody removes it before the locks are closed.

        Raises:
            DatabaseError: the server refuses, or there is no room. What `build` raises is passed on.
        """
        self._locks.share(TEMPLATE, name.number)
        origin = TemplateOrigin.REUSED
        if not self._is_complete(name, key):
            self._locks.unshare(TEMPLATE, name.number)
            self._locks.take(TEMPLATE, name.number)
            try:
                # Another run may have made it meanwhile.
                if not self._is_complete(name, key):
                    origin = self._make(name, key, build)
                self._locks.share(TEMPLATE, name.number)
            finally:
                self._locks.release(TEMPLATE, name.number)
        self._note(name.name, key, self._made_as(name.name, key))
        if origin is not TemplateOrigin.REUSED:
            self._shrink(name.name)
        return origin

    def stored(self) -> Sequence[StoredTemplate]:
        """Return the templates, the most recently used first.

        Raises:
            DatabaseError: the server is gone.
        """
        return [
            StoredTemplate(one.key, one.engine, self._size(one.name), one.used_at) for one in self._read_all()
        ]

    def remove(self, key: TemplateKey) -> bool:
        """Remove the template with a key; False if there is none, or a run is using it.

        Raises:
            DatabaseError: the server refuses.
        """
        found = [one.name for one in self._read_all() if one.key == key]
        removed = [self._remove(name) for name in found]
        return any(removed)

    def _is_complete(self, name: TemplateName, key: TemplateKey) -> bool:
        return self._made_as(name.name, key) != ""

    def _made_as(self, name: str, key: TemplateKey) -> str:
        """Return what the catalog had when the template was complete; empty if there is none that is unchanged."""
        found = (one for one in self._read_all() if one.name == name and one.key == key)
        return next((one.made_as for one in found if one.is_unchanged), "")

    def _make(self, name: TemplateName, key: TemplateKey, build: TemplateBuild) -> TemplateOrigin:
        """Make a template under another name, which it loses when it is complete."""
        administrator = self._administrator
        # What is not complete was left by a run that was killed, or was changed by somebody.
        administrator.drop(name.building)
        administrator.drop(name.name)
        location = administrator.location_of(name.building)
        try:
            nearest = self._take_nearest(key)
            if nearest is None:
                administrator.create_empty(name.building)
                build.migrate(location)
            else:
                try:
                    administrator.copy(nearest, name.building)
                finally:
                    self._locks.unshare(TEMPLATE, lock_of_template(nearest))
            build.seed(location)
            finish_template(location)
            with administrator.sessions_ended(name.building):
                # Nobody can write to it any more, and no tool that looks at all databases finds it.
                administrator.write(
                    f"ALTER DATABASE {quote_name(name.building)} WITH ALLOW_CONNECTIONS false"
                )
            administrator.write(
                f"ALTER DATABASE {quote_name(name.building)} RENAME TO {quote_name(name.name)}"
            )
            ((now,),) = administrator.rows(_MADE_AS, [name.name])
            self._note(name.name, key, now)
        except BaseException:
            # After the renaming, the template has no comment yet, and the next run makes it again.
            administrator.drop(name.building)
            raise
        return TemplateOrigin.DERIVED if nearest else TemplateOrigin.BUILT

    def _take_nearest(self, key: TemplateKey) -> str | None:
        """Return the template with the same schema that was used last, with a share of its lock."""
        for one in self._read_all():
            is_near = one.key.schema == key.schema and one.engine == self._engine and one.is_unchanged
            if is_near and self._locks.try_share(TEMPLATE, lock_of_template(one.name)):
                return one.name
        return None

    def _note(self, database: str, key: TemplateKey, made_as: str) -> None:
        """Write to the comment of a database which template it is, and that it is used now."""
        comment = {
            "tdmvc": "template",
            "schema": key.schema,
            "rows": key.rows,
            "label": key.label,
            "engine": self._engine,
            "made_as": made_as,
            "used_at": datetime.now(UTC).isoformat(),
        }
        text = quote_text(json.dumps(comment))
        self._administrator.write(f"COMMENT ON DATABASE {quote_name(database)} IS {text}")

    def _shrink(self, kept: str) -> None:
        """Remove the templates that were not used for the longest time, until the others fit; but not the new one."""
        sizes = {one.name: self._size(one.name) for one in self._read_all()}
        total = sum(sizes.values())
        for name in reversed(sizes):
            if total > self._limit_bytes and name != kept and self._remove(name):
                total -= sizes[name]

    def _remove(self, name: str) -> bool:
        number = lock_of_template(name)
        if not self._locks.try_take(TEMPLATE, number):
            return False
        try:
            self._administrator.drop(name)
        finally:
            self._locks.release(TEMPLATE, number)
        return True

    def _size(self, name: str) -> int:
        ((size,),) = self._administrator.rows("SELECT pg_catalog.pg_database_size(%s::name)", [name])
        return int(size)

    def _read_all(self) -> list[PostgresTemplate]:
        """Return the templates of the user, the most recently used first."""
        read = [_read(*row) for row in self._administrator.rows(_DATABASES)]
        found = [one for one in read if one is not None]
        return sorted(found, key=lambda one: one.used_at, reverse=True)


def _read(name: str, comment: str, now: str) -> PostgresTemplate | None:
    """Return what a comment says; None if it is not one of ours."""
    try:
        said = json.loads(comment)
        key = TemplateKey(said["schema"], said["rows"], said["label"])
        used_at, made_as = datetime.fromisoformat(said["used_at"]), str(said.get("made_as", ""))
        return PostgresTemplate(name, key, said["engine"], used_at, made_as, is_unchanged=made_as == now)
    except (ValueError, LookupError, TypeError):
        return None
