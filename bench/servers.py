"""The servers under test: Hodei from this checkout, its peers from throw-away environments beside it."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
VENVS = HERE / ".venvs"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server process. CPU time and memory are read from /proc, its children included."""

    name: str
    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()  # the services that it is asked, if not all
    process: subprocess.Popen[bytes] | None = None
    folder: str = ""

    def start(self) -> float:
        """Start it; seconds until it answers. Raises: RuntimeError, also if something else has its port."""
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise RuntimeError(f"something answers at port {self.port} already")
        self.folder = tempfile.mkdtemp(prefix=f"bench-{self.name}-")
        command = [part.replace("{folder}", self.folder) for part in self.command]
        log = open(Path(self.folder) / "log", "wb")  # noqa: SIM115 - it lives as long as the process
        started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **self.environment},
            stdout=log,
            stderr=log,
            cwd=self.folder,
            start_new_session=True,
        )
        while time.perf_counter() - started < 60:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {(Path(self.folder) / 'log').read_text()[-2000:]}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/bench-no-such-bucket", headers=scope("s3"))
                connection.getresponse().read()
            except OSError:
                time.sleep(0.005)
            else:
                return time.perf_counter() - started
        raise RuntimeError(f"{self.name} does not answer")

    def stop(self) -> None:
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def serves(self, workload: str) -> bool:
        return not self.only or workload.startswith(self.only)

    def processes(self) -> list[int]:
        assert self.process
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                queue += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                continue
        return found

    def cpu(self) -> float:
        """Seconds of CPU time so far, those of children that have ended included."""
        total = 0.0
        for pid in self.processes():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile: its parent has its time
                continue
            total += sum(int(field) for field in fields[11:15]) / TICKS
        return total

    def memory(self) -> float:
        """Resident MB."""
        pages = 0
        for pid in self.processes():
            with suppress(OSError):
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def scope(service: str) -> dict[str, str]:
    """Headers that sign nothing but name the service, which is all that any of the servers looks at."""
    credential = f"Credential=test/20260101/us-east-1/{service}/aws4_request"
    signature = f"SignedHeaders=host, Signature={'0' * 64}"
    return {"Authorization": f"AWS4-HMAC-SHA256 {credential}, {signature}", "x-amz-date": "20260101T000000Z"}


def environment(package: str) -> Path:
    """A virtual environment with only that package; made at first use."""
    path = VENVS / package.partition("[")[0]
    python = path / "bin" / "python"
    stamp = path / ".installed"
    if not stamp.exists() or stamp.read_text() != package:
        print(f"installing {package} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(path)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=True)
        stamp.write_text(package)
    return path / "bin"


def node_program(package: str) -> Path:
    """The program of an npm package, in a folder of its own; installed at first use."""
    path = VENVS / package
    program = path / "node_modules" / ".bin" / package
    if not program.exists():
        print(f"installing {package} ...", file=sys.stderr)
        path.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(path), package], check=True)
    return program


def servers(names: list[str]) -> list[Server]:
    made = []
    for name in names:
        if name == "hodei":
            program = str(Path(sys.executable).parent / "hodei")
            command = [program, "start", "--port", "4600", "--data", "{folder}/data", "--log-level", "warning"]
            made.append(Server(name, command, 4600))
        elif name == "moto":
            command = [str(environment("moto[server,s3,sqs,dynamodb]") / "moto_server"), "-p", "4601"]
            without_docker = ("SQS", "S3", "DynamoDB")
            made.append(Server(name, command, 4601, only=without_docker))
        elif name == "ministack":
            command = [str(environment("ministack") / "ministack")]
            made.append(Server(name, command, 4602, {"GATEWAY_PORT": "4602", "EDGE_PORT": "4602", "PORT": "4602"}))
        elif name == "dynalite":
            command = [str(node_program("dynalite")), "--port", "4603", "--createTableMs", "0"]
            made.append(Server(name, command, 4603, only=("DynamoDB",)))
        else:
            raise SystemExit(f"no such server: {name}")
    return made
