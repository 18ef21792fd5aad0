"""The names of variables by which a run tells programs about its environment; quick to import."""

from typing import Final

ENVIRONMENT_VARIABLE: Final = "TDMVC_ENV"
"""Holds the name of the environment: workers of a test run provide it for themselves, each with its own database."""
ENDPOINT_VARIABLE: Final = "TDMVC_ENDPOINT"
"""Holds the URL of the endpoint, with its token: where the database of `tdmvc run` or `tdmvc up` is reset."""
INTEGRESQL_VARIABLE: Final = "INTEGRESQL_CLIENT_BASE_URL"
"""Holds the same for IntegreSQL's clients."""
