"""What the commands of contracts take as an argument: a reference, a file or a database."""

import click

from tdmvc.cli.options import settings_of
from tdmvc.errors import UsageError
from tdmvc.model.location import Location, PathLocation

Subject = tuple[str, Location]


def subject_of(context: click.Context, text: str) -> Subject:
    """Return an argument as a text and as a location.

    Raises:
        UsageError: it is a URL that cannot be read.
    """
    settings = settings_of(context)
    return text, settings.location(text)


def path_of(context: click.Context, text: str) -> Location:
    """Return an argument that must be a file or a database."""
    location = settings_of(context).location(text)
    if isinstance(location, PathLocation) and location.path.is_dir():
        raise UsageError("This is a folder.", where=text, remedy="name a file of a contract.")
    return location
