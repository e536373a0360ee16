"""`hodei start` as a process of its own, and clients of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

START = [sys.executable, "-m", "hodei", "start"]
PATIENCE = 20  # seconds


class Process:
    """On a free port unless told; with `data` None it keeps everything in memory. As a context manager it ends by SIGTERM."""

    def __init__(self, data: Path | None, log: Path, port: int = 0) -> None:
        where = ["--port", str(port), *(["--data", str(data)] if data else ["--ephemeral"])]
        self.log = log
        with log.open("ab") as file:
            self.popen = subprocess.Popen([*START, *where], stdout=subprocess.PIPE, stderr=file, text=True)
        assert self.popen.stdout
        first = self.popen.stdout.readline()
        assert "answers on " in first, log.read_text()
        self.url = first.partition("answers on ")[2].partition(" ")[0]
        self.port = int(self.url.rpartition(":")[2])

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self, service: str, **config: Any) -> Any:
        """One that gives up at the first failure."""
        config = {"retries": {"total_max_attempts": 1}, "max_pool_connections": 20, "read_timeout": PATIENCE} | config
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", config=Config(**config), **keys)

    def kill(self) -> None:
        """kill -9."""
        self.popen.kill()
        self.popen.communicate()

    def stop(self) -> None:
        """End it; it must do so by itself and have said nothing of an error or a traceback."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.communicate(timeout=PATIENCE)
            finally:
                self.popen.kill()
        said = self.log.read_text()
        assert "Traceback" not in said, said
        assert " ERROR " not in said, said

    @property
    def files(self) -> int:
        """How many file descriptors it has open."""
        return len(list(Path(f"/proc/{self.popen.pid}/fd").iterdir()))

    @property
    def resident(self) -> int:
        """Bytes of memory in use."""
        return self._memory("VmRSS")

    @property
    def peak(self) -> int:
        """The most that it has had in use."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        lines = Path(f"/proc/{self.popen.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
