"""`hodei doctor`: what may keep Hodei from running on this machine, and how to trust its HTTPS."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hodei import __version__
from hodei.cli import DEFAULT_HOST, Failure, default_data
from hodei.cli_client import ask, find_aws

ENOUGH_DISK = 1 << 30
NOT_ISOLATED = "functions see your files, and images cannot run: as root they are apart"
NOT_LIMITED = "no control groups: memory is watched, processor time is not shared out"

TRUST = """
HTTPS: the certificate authority of this data folder is {ca}
  aws CLI, boto3   export AWS_CA_BUNDLE={ca}
  Node.js          export NODE_EXTRA_CA_CERTS={ca}
  curl             curl --cacert {ca} https://...
  Debian, Ubuntu   sudo cp {ca} /usr/local/share/ca-certificates/hodei.crt && sudo update-ca-certificates
  Fedora, RHEL     sudo trust anchor {ca}
  macOS            sudo security add-trusted-cert -d -k /Library/Keychains/System.keychain {ca}"""


class Finding(NamedTuple):
    fine: bool
    subject: str
    text: str


def doctor(options: argparse.Namespace) -> int:
    running = _running(options.port)
    data = (options.data or Path((running or {}).get("data") or default_data())).expanduser().absolute()
    findings = [*_machine(), *_functions(), _port(options.port, running), *_place(data, running)]
    for finding in findings:
        print(f"{'ok' if finding.fine else '!!'}  {finding.subject:12} {finding.text}")
    print(TRUST.format(ca=_authority(data)))
    return 0 if all(finding.fine for finding in findings) else 1


def _machine() -> Iterator[Finding]:
    yield Finding(sys.version_info >= (3, 11), "Python", f"{platform.python_version()}, {sys.executable}")
    fast = importlib.util.find_spec("uvloop") is not None
    yield Finding(fast, "uvloop", "here" if fast else "missing, all works but slower: pip install uvloop")
    aws = find_aws()
    yield Finding(aws is not None, "aws CLI", _aws(aws) if aws else "not found: pip install 'hodei[aws]' brings one")


def _functions() -> Iterator[Finding]:
    """What Lambda needs of the machine."""
    from hodei.services.lambda_.runtime.survey import survey

    found = asyncio.run(survey())
    yield Finding(True, "functions", f"run by {', '.join(found.programs)}")
    isolated = "with files and processes of their own" if found.isolated else NOT_ISOLATED
    limited = "memory and processor time by control groups" if found.limited else NOT_LIMITED
    yield Finding(True, "sandbox", f"{isolated}; {limited}")


def _aws(program: str) -> str:
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.partition(" ")[
        0
    ]
    hint = "; calls AWS itself for sqs unless by `hodei aws`, `hodei env` or --endpoint-url"
    return f"{version}, {program}" + (hint if version.startswith("aws-cli/1.") else "")


def _place(data: Path, running: dict[str, str] | None) -> Iterator[Finding]:
    here = data if data.exists() else next(parent for parent in data.parents if parent.exists())
    yield _folder(data, here, running)
    free = shutil.disk_usage(here).free
    yield Finding(free >= ENOUGH_DISK, "disk", f"{free / 2**30:.1f} GB free for {data}")


def _running(port: int) -> dict[str, str] | None:
    """The health of the Hodei that answers on the port."""
    try:
        health: dict[str, str] = ask(f"http://{DEFAULT_HOST}:{port}", "GET", "/_hodei/health", timeout=5)
    except Failure:
        return None
    return health


def _port(port: int, running: dict[str, str] | None) -> Finding:
    if running:
        return Finding(True, "port", f"{port}: Hodei {running['version']} answers there, process {running['pid']}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((DEFAULT_HOST, port))
        except OSError as error:
            return Finding(False, "port", f"{port} on {DEFAULT_HOST} cannot be had: {error.strerror}")
    return Finding(True, "port", f"{port} on {DEFAULT_HOST} is free; Hodei {__version__} does not run there")


def _folder(data: Path, here: Path, running: dict[str, str] | None) -> Finding:
    from hodei.kernel.datadir import DataDir
    from hodei.kernel.store import DataError

    if running and running["data"] == str(data):
        return Finding(True, "data folder", f"{data}, in use by that process")
    if here != data or not (data / "lock").exists():
        fine = here.is_dir() and os.access(here, os.W_OK | os.X_OK)
        return Finding(fine, "data folder", f"{data}, not yet there" if fine else f"{data}: {here} cannot be written")
    try:
        DataDir.open(data).close()
    except DataError as error:
        return Finding(False, "data folder", str(error))
    return Finding(True, "data folder", str(data))


def _authority(data: Path) -> str:
    """The authority's certificate; made here if the data folder is there and has none yet."""
    from hodei.gateway import tls

    path = tls.ca_path(data / "tls")
    if path.exists():
        return str(path)
    try:
        if data.exists():
            tls.context(data / "tls")
            return str(path)
    except OSError:
        pass
    return f"{path} (made at the first start with HTTPS)"
