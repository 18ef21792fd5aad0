"""Servers on this machine in which DVC remotes are, and the same few words for what is in each kind of remote."""

import asyncio
import base64
import hashlib
import logging
import os
import select
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import boto3
from moto.server import ThreadedMotoServer

SECRET = "s3cret-Words/that+nobody=sees"
USER = "ada"


class Remote(Protocol):
    """A remote of which a test can see and change each object."""

    def settings(self) -> dict[str, object]:
        """Return its section of DVC's configuration."""

    def names(self) -> list[str]:
        """Return the names of its files, below the remote."""

    def read(self, name: str) -> bytes: ...

    def write(self, name: str, data: bytes) -> None: ...

    def remove(self, name: str) -> None: ...


def configure(app: Path, **remotes: Remote | dict[str, object]) -> None:
    """Rewrite DVC's configuration; the first remote is the default one."""
    lines = [f"[core]\n    remote = {next(iter(remotes))}"]
    for name, remote in remotes.items():
        settings = remote if isinstance(remote, dict) else remote.settings()
        lines.append(f"['remote \"{name}\"']")
        lines += [f"    {key} = {value}" for key, value in settings.items()]
    (app / ".dvc" / "config").write_text("\n".join(lines) + "\n")


class FolderRemote:
    """A remote in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self) -> dict[str, object]:
        return {"url": self.folder}

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.chmod(0o644)
        path.write_bytes(data)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


class S3Server:
    """A server of S3 in this process, which takes every credential."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.port = int(port)
        self.url = f"http://{host}:{port}"
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="owner",
            aws_secret_access_key="owner",
        )
        self._buckets = 0

    def bucket(self) -> "S3Remote":
        """Return a remote in a new bucket."""
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        self.client.create_bucket(Bucket=name)
        return S3Remote(self, name)

    def close(self) -> None:
        self._server.stop()


class S3Remote:
    """A remote in a bucket of its own."""

    def __init__(self, server: S3Server, bucket: str) -> None:
        self._server = server
        self.bucket = bucket
        self.endpoint = server.url

    def settings(self) -> dict[str, object]:
        return {
            "url": f"s3://{self.bucket}/store",
            "endpointurl": self.endpoint,
            "access_key_id": USER,
            "secret_access_key": SECRET,
            "region": "us-east-1",
        }

    def names(self) -> list[str]:
        listed = self._server.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return sorted(one["Key"].removeprefix("store/") for one in listed)

    def read(self, name: str) -> bytes:
        return bytes(self._server.client.get_object(Bucket=self.bucket, Key=f"store/{name}")["Body"].read())

    def write(self, name: str, data: bytes) -> None:
        self._server.client.put_object(Bucket=self.bucket, Key=f"store/{name}", Body=data)

    def write_in_pieces(self, name: str, data: bytes) -> None:
        """Upload as tools do with large files, so that the ETag is no hash of the bytes."""
        where = {"Bucket": self.bucket, "Key": f"store/{name}"}
        upload = {**where, "UploadId": self._server.client.create_multipart_upload(**where)["UploadId"]}
        part = self._server.client.upload_part(**upload, PartNumber=1, Body=data)
        parts = [{"ETag": part["ETag"], "PartNumber": 1}]
        self._server.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def remove(self, name: str) -> None:
        self._server.client.delete_object(Bucket=self.bucket, Key=f"store/{name}")

    def forbid(self, *actions: str) -> None:
        """Let nobody do this: `s3:PutObject`."""
        policy = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": ['
            + ", ".join(f'"{action}"' for action in actions)
            + f'], "Resource": "arn:aws:s3:::{self.bucket}/*"}}]}}'
        )
        self._server.client.put_bucket_policy(Bucket=self.bucket, Policy=policy)

    def allow(self) -> None:
        self._server.client.delete_bucket_policy(Bucket=self.bucket)


class SshServer:
    """An SSH server in this process that offers SFTP on one folder for each port, and asks for a password."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._key = asyncssh.generate_private_key("ssh-ed25519")

    @contextmanager
    def serving(self, folder: Path) -> Iterator["SftpRemote"]:
        """Offer a folder as a remote."""
        folder.mkdir(parents=True, exist_ok=True)
        remote = SftpRemote(folder)
        acceptor = self._run(
            asyncssh.listen(
                "127.0.0.1",
                0,
                server_factory=_PasswordServer,
                server_host_keys=[self._key],
                sftp_factory=partial(_Files, remote=remote),
            )
        )
        remote.port = acceptor.get_port()
        try:
            yield remote
        finally:
            acceptor.close()
            self._run(acceptor.wait_closed())

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, awaitable: Any) -> Any:
        async def wait() -> Any:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(timeout=30)


class SftpRemote(FolderRemote):
    """A remote on the SSH server."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = 0
        self.fault: Exception | None = None
        """What each write answers with, if anything."""

    def settings(self) -> dict[str, object]:
        return {"url": f"ssh://{USER}@127.0.0.1:{self.port}/", "password": SECRET}


class _PasswordServer(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == SECRET


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: Any, *, remote: SftpRemote) -> None:
        super().__init__(channel, chroot=os.fsencode(remote.folder))
        self._remote = remote

    def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
        self._fail(is_writing=bool(pflags & asyncssh.FXF_WRITE))
        return super().open(path, pflags, attrs)

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        return super().write(file_obj, offset, data)

    def mkdir(self, path: bytes, attrs: Any) -> None:
        self._fail(is_writing=True)
        super().mkdir(path, attrs)

    def _fail(self, *, is_writing: bool) -> None:
        if is_writing and self._remote.fault is not None:
            raise self._remote.fault


class HttpRemote(FolderRemote):
    """A folder on an HTTP server that only reads, unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.takes_uploads = False
        self.status = 0
        """What each request is answered with, if not 0."""
        self.etag: Callable[[bytes], str] | None = None
        self.md5_header = False
        handler = type("Handler", (_HttpHandler,), {"remote": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
        self.port = int(self._server.server_port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def settings(self) -> dict[str, object]:
        url = f"http://127.0.0.1:{self.port}/"
        return {"url": url, "auth": "basic", "user": USER, "password": SECRET}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _HttpHandler(SimpleHTTPRequestHandler):
    remote: HttpRemote

    def end_headers(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_file() and self.remote.etag is not None:
            self.send_header("ETag", self.remote.etag(path.read_bytes()))
        if path.is_file() and self.remote.md5_header:
            digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).digest()
            self.send_header("Content-MD5", base64.b64encode(digest).decode())
        super().end_headers()

    def do_GET(self) -> None:
        if self.remote.status:
            self.send_error(self.remote.status)
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        if self.remote.status:
            self.send_error(self.remote.status)
        else:
            super().do_HEAD()

    def do_PUT(self) -> None:
        self.send_error(self.remote.status or 405)

    def do_POST(self) -> None:
        data = b""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.remote.takes_uploads:
            self.send_error(self.remote.status or 405)
            return
        path = Path(self.translate_path(self.path))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class CuttingProxy:
    """A way to a server that breaks off after some bytes, and lets nobody in again."""

    def __init__(
        self, port: int, *, sent: int | None = None, received: int | None = None, since: bytes = b""
    ) -> None:
        """Start to carry bytes.

        Args:
            sent: how many bytes may go to the server, after `since` was sent.
            received: how many bytes may come from it.
        """
        self._target = port
        self._room = {"sent": sent, "received": received}
        self._since = since
        self.has_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self.has_cut:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            other = {client: (server, "sent"), server: (client, "received")}
            while not self.has_cut:
                for source in select.select(list(other), [], [], 0.1)[0]:
                    target, direction = other[source]
                    data = source.recv(65_536)
                    if not data:
                        return
                    target.sendall(self._limited(data, direction))

    def _limited(self, data: bytes, direction: str) -> bytes:
        room = self._room[direction]
        if room is None:
            return data
        start = data.find(self._since) if direction == "sent" else 0
        if start < 0:
            return data
        self._since = b""
        self._room[direction] = room - (len(data) - start)
        if room > len(data) - start:
            return data
        self.has_cut = True
        self._listener.close()
        return data[: start + room]


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Answer every request with these bytes and hang up; yield the port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()
