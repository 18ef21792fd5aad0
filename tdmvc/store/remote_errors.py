"""What went wrong with a remote, as an error that says what to do and shows no credentials."""

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tdmvc.errors import ConfigError, StoreError
from tdmvc.model.masking import MASK, without_passwords

_SECRET_SETTINGS = (
    "password",
    "passphrase",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "sse_customer_key",
    "token",
    "connection_string",
    "sas_token",
    "account_key",
    "client_secret",
    "oss_key_id",
    "oss_key_secret",
    "gdrive_client_secret",
)
_SECRET_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_CLIENT_SECRET",
    "OSS_ACCESS_KEY_ID",
    "OSS_ACCESS_KEY_SECRET",
)
_OBJECT_STORAGES = frozenset({"s3", "gs", "oss", "azure"})


class _Cause(Enum):
    """Why a remote failed."""

    FULL = auto()
    READ_ONLY = auto()
    NO_CREDENTIALS = auto()
    DENIED = auto()
    REFUSED = auto()
    """Without a reason: SFTP has no number for a full disk."""
    ABSENT = auto()
    NOT_REACHED = auto()
    OTHER = auto()


_CAUSE_OF_NUMBER = {errno.ENOSPC: _Cause.FULL, errno.EDQUOT: _Cause.FULL, errno.EROFS: _Cause.READ_ONLY}
_CAUSE_OF_STATUS = {401: _Cause.DENIED, 403: _Cause.DENIED, 405: _Cause.READ_ONLY, 501: _Cause.READ_ONLY}
_CAUSE_OF_CLASS = {
    # S3
    "NoCredentialsError": _Cause.NO_CREDENTIALS,
    "PartialCredentialsError": _Cause.NO_CREDENTIALS,
    "ProfileNotFound": _Cause.NO_CREDENTIALS,
    "TokenRetrievalError": _Cause.NO_CREDENTIALS,
    "UnauthorizedSSOTokenError": _Cause.NO_CREDENTIALS,
    "EndpointConnectionError": _Cause.NOT_REACHED,
    "ConnectTimeoutError": _Cause.NOT_REACHED,
    "ConnectionClosedError": _Cause.NOT_REACHED,
    # Google and Azure
    "DefaultCredentialsError": _Cause.NO_CREDENTIALS,
    "CredentialUnavailableError": _Cause.NO_CREDENTIALS,
    "ServiceRequestError": _Cause.NOT_REACHED,
    # SSH
    "KeyImportError": _Cause.NO_CREDENTIALS,
    "KeyEncryptionError": _Cause.NO_CREDENTIALS,
    "SFTPPermissionDenied": _Cause.DENIED,
    "SFTPFailure": _Cause.REFUSED,
    "SFTPNotADirectory": _Cause.REFUSED,
    "SFTPWriteProtect": _Cause.READ_ONLY,
    "SFTPNoSpaceOnFilesystem": _Cause.FULL,
    "SFTPQuotaExceeded": _Cause.FULL,
    "ConnectionLost": _Cause.NOT_REACHED,
    "SFTPConnectionLost": _Cause.NOT_REACHED,
    "SFTPNoConnection": _Cause.NOT_REACHED,
    "DisconnectError": _Cause.NOT_REACHED,
    # HTTP
    "ClientConnectorError": _Cause.NOT_REACHED,
    "ServerDisconnectedError": _Cause.NOT_REACHED,
    "ClientPayloadError": _Cause.NOT_REACHED,
}
"""The errors of file systems whose libraries are not imported here, by the name of their class."""
_CAUSE_OF_KIND: Sequence[tuple[type[Exception], _Cause]] = (
    (PermissionError, _Cause.DENIED),
    (FileNotFoundError, _Cause.ABSENT),
    (ConnectionError, _Cause.NOT_REACHED),
    (TimeoutError, _Cause.NOT_REACHED),
    (socket.gaierror, _Cause.NOT_REACHED),
)


class RemoteErrors:
    """Turns the errors of one remote's file system into StoreErrors."""

    def __init__(self, remote: str, settings: Mapping[str, Any]) -> None:
        """Create the errors of a remote.

        Args:
            settings: its section of DVC's configuration.
        """
        self._remote = remote
        self._settings = settings
        self._scheme = str(settings.get("url", "")).rpartition("://")[0] or "local"

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """Raise every error of the file system as a StoreError."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # each file system of fsspec raises its own kind
            raise self.of(error) from error

    def of(self, error: Exception) -> StoreError:
        """Return the error to raise for an error of the file system."""
        text, name = self.without_credentials(str(error) or type(error).__name__), self._remote
        match _cause(error):
            case _Cause.FULL:
                what, remedy = f"its disk is full: {text}", "free some space there"
            case _Cause.READ_ONLY:
                what = f"it cannot be written: {text}"
                remedy = "make it writable, or choose another remote with `--remote NAME`"
            case _Cause.NO_CREDENTIALS:
                what, remedy = f"no usable credentials: {text}", self._credentials_remedy()
            case _Cause.DENIED:
                what, remedy = self._denied(error, text)
            case _Cause.ABSENT:
                what, remedy = text, f"correct its address (`dvc remote modify {name} url URL`), or create it"
            case _Cause.REFUSED:
                what = f"the server refuses: {text}"
                remedy = "see whether its disk is full or read-only, and who may write to its folder"
            case _Cause.NOT_REACHED:
                what = f"it cannot be reached: {text}"
                remedy = "check its address (`dvc remote list`), the network and the proxy"
            case _:
                return StoreError.remote(name, text)
        return StoreError.remote_refused(name, what, remedy)

    def unreadable_address(self, where: Path) -> ConfigError:
        """Return the error for a URL that is none; what is wrong with it is not shown, because it may be a password."""
        return ConfigError(
            f"The address of the remote '{self._remote}' cannot be read.",
            where=str(where),
            remedy=f"correct it with `dvc remote modify {self._remote} url URL`; a password does not belong there, but "
            f"in `dvc remote modify --local {self._remote} password PASSWORD`.",
        )

    def without_terminal(self, setting: str) -> StoreError:
        """Return the error for a password that only a person could enter."""
        return StoreError.remote_refused(
            self._remote,
            f"it asks for a {setting}, and there is no terminal to ask on",
            f"store the {setting} outside Git: "
            f"`dvc remote modify --local {self._remote} {setting} {setting.upper()}`",
        )

    def without_credentials(self, text: str) -> str:
        """Return a text without the passwords, keys and tokens that are configured for the remote."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, MASK)
        return without_passwords(text)

    def _secrets(self) -> set[str]:
        found = {str(self._settings[name]) for name in _SECRET_SETTINGS if self._settings.get(name)}
        found |= {os.environ[name] for name in _SECRET_VARIABLES if os.environ.get(name)}
        address, _, query = str(self._settings.get("url", "")).partition("?")
        # An @ in a password that is not encoded does not end it.
        password = address.partition("://")[2].rpartition("@")[0].partition(":")[2]
        found |= {word for word in (password, unquote(password), query) if word}
        return found

    def _denied(self, error: Exception, text: str) -> tuple[str, str]:
        """Return what to say of a refusal, and the remedy."""
        if self._scheme == "local":
            return f"access is denied: {text}", "correct the permissions of its folder"
        if self._scheme == "ssh":
            if isinstance(error, PermissionError):
                # Only the log-in fails in this way.
                hint = (
                    "" if has_terminal() else "; there is no terminal to ask for a password or passphrase on"
                )
                return f"access is denied: {text}{hint}", self._credentials_remedy()
            return f"access is denied: {text}", "correct the permissions of its folder on the server"
        status = getattr(error, "status", 403)
        remedy = (
            "check that your credentials are the right ones, and may read there, and for a push also write"
        )
        return f"access is denied (HTTP {status}): {text}", remedy

    def _credentials_remedy(self) -> str:
        setting = f"`dvc remote modify --local {self._remote} "
        if self._scheme == "ssh":
            return (
                f"use an SSH agent or a key without a passphrase ({setting}keyfile PATH`), or store the password "
                f"outside Git: {setting}password PASSWORD`"
            )
        if self._scheme == "s3":
            return (
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile: "
                f"{setting}profile PROFILE`"
            )
        if self._scheme in _OBJECT_STORAGES:
            return f"log in with the tool of your provider, or configure the remote: {setting}OPTION VALUE`"
        return f"store the password outside Git: {setting}password PASSWORD`"


def _cause(error: Exception) -> _Cause:
    names = [one.__name__ for one in type(error).__mro__]
    found = (
        _CAUSE_OF_NUMBER.get(getattr(error, "errno", None) or 0),
        _CAUSE_OF_STATUS.get(getattr(error, "status", None) or 0),
        *(_CAUSE_OF_CLASS.get(name) for name in names),
        *(cause for kind, cause in _CAUSE_OF_KIND if isinstance(error, kind)),
    )
    return next((cause for cause in found if cause is not None), _Cause.OTHER)


def has_terminal() -> bool:
    """Whether a person can be asked for a password: on a terminal, and not in CI."""
    if os.environ.get("CI") or os.environ.get("GIT_TERMINAL_PROMPT") == "0":
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return os.name == "nt" and sys.stdin is not None and sys.stdin.isatty()
    return True
