"""Why a test has no form in SQL."""


class InexactError(Exception):
    """No SQL says what a test says for rows of these types; the text says why, without values of rows."""
