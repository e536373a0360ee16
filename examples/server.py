"""A Hodei of an example's own, and the clients that talk to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

BIN = Path(sys.executable).parent
REGION = "us-east-1"


class Hodei:
    """A server process over one data folder, which may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }

    def __enter__(self) -> Hodei:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        command = [BIN / "hodei", "start", "--port", str(self.port), "--data", self.folder, "--log-level", "error"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{self.url}/_hodei/health").read()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("hodei does not answer")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def memory(self) -> int:
        """What the process uses, in MB."""
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, check=True)
        return int(told.stdout) // 1024

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """As the root of the account, or with `Credentials` that STS has given."""
        given = credentials or {"AccessKeyId": "test", "SecretAccessKey": "test"}
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}),
        )

    def aws(self, *arguments: str) -> str:
        """What the aws CLI prints."""
        return self._run("aws", *arguments)

    def hodei(self, *arguments: str) -> str:
        """What the command `hodei` prints."""
        return self._run("hodei", *arguments)

    def advance(self, duration: str) -> None:
        self.hodei("clock", "advance", duration)

    def now(self) -> datetime:
        """The cloud's time."""
        with urllib.request.urlopen(f"{self.url}/_hodei/clock") as answer:
            return datetime.fromisoformat(json.load(answer)["now"])

    def _run(self, command: str, *arguments: str) -> str:
        told = subprocess.run(
            [BIN / command, *arguments], env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return told.stdout
