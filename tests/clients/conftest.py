"""Clients as people use them, against `hodei start` in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from hostile.process import Process

ACCOUNT = "111122223333"
AWS = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("clients")
    with Process(folder / "data", folder / "log") as process:
        yield process


@pytest.fixture(scope="session")
def authority(server: Process) -> str:
    """The certificate that AWS_CA_BUNDLE names, where `hodei doctor` says that it lies."""
    doctor = [sys.executable, "-m", "hodei", "doctor", "--port", str(server.port)]
    told = subprocess.run(doctor, capture_output=True, text=True, check=False).stdout
    return told.partition("AWS_CA_BUNDLE=")[2].splitlines()[0]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that end in .localhost are this machine's, as they are where systemd-resolved or a browser looks them up."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        local = isinstance(host, str) and host.endswith(".localhost")
        return resolve("127.0.0.1" if local else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture
def connect(server: Process) -> Callable[..., Any]:
    """`connect("s3", verify=..., **config)`: a boto3 client of the server."""

    def client(service: str, *, url: str = server.url, verify: Any = None, **config: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="any",
            verify=verify,
            config=Config(**config),
        )

    return client


@pytest.fixture(scope="session")
def home(server: Process, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a profile in ~/.aws; its `multipart` profile makes parts of a megabyte."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    profile = f"region = us-east-1\noutput = json\nendpoint_url = {server.url}\n"
    small_parts = "s3 =\n  multipart_threshold = 6MB\n  multipart_chunksize = 5MB\n  max_concurrent_requests = 4\n"
    (home / ".aws" / "config").write_text(f"[default]\n{profile}[profile multipart]\n{profile}{small_parts}")
    keys = f"aws_access_key_id = {ACCOUNT}\naws_secret_access_key = any\n"
    (home / ".aws" / "credentials").write_text(f"[default]\n{keys}[multipart]\n{keys}")
    return home


@pytest.fixture
def environment(home: Path, server: Process) -> dict[str, str]:
    """No AWS set-up of the machine shines through."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HODEI_"))}
    path = f"{AWS.parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "HOME": str(home), "PATH": path, "HODEI_URL": server.url}


@pytest.fixture
def aws(environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """`aws("s3", "ls")` in an empty folder: what it prints; a failure is one of the test."""

    def run(*arguments: str, stdin: bytes = b"", code: int = 0, **variables: str) -> str:
        ran = subprocess.run(
            [str(AWS), *arguments],
            env=environment | variables,
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert ran.returncode == code, ran.stderr.decode()
        return (ran.stderr if code else ran.stdout).decode()

    return run
