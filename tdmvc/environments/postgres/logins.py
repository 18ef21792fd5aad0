"""How the user of an embedded server logs in, which a test may change, and a reset restores."""

from collections.abc import Collection
from dataclasses import dataclass, field

from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.sql.quoting import quote_name, quote_text

_LOGIN = """
    SELECT rolname::text, rolconnlimit, rolpassword FROM pg_catalog.pg_authid WHERE rolname = current_user
"""


@dataclass(frozen=True, slots=True)
class Login:
    """What a user needs to connect."""

    user: str
    most_connections: int
    verifier: str = field(repr=False)
    """What the server keeps of the password."""

    def is_named_in(self, changes: Collection[str]) -> bool:
        """Whether changes of shared objects are about this user."""
        return f"the role {self.user} was changed" in changes

    def restore(self, administrator: Administrator) -> None:
        """Let the user connect as before.

        Raises:
            DatabaseError: the server refuses.
        """
        administrator.write(
            f"ALTER ROLE {quote_name(self.user)} LOGIN CONNECTION LIMIT {self.most_connections}"
            f" PASSWORD {quote_text(self.verifier)}"
        )


def read_login(administrator: Administrator) -> Login:
    """Return how the administrator logs in.

    Raises:
        DatabaseError: the server is gone.
    """
    return Login(*administrator.rows(_LOGIN)[0])
