"""`hodei start` and `hodei stop`: the server process, in front or in the background."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from hodei import __version__
from hodei.cli import DEFAULT_URL, Failure, default_data

CANNOT_START = 2
STOP_SECONDS = 20.0


def start(options: argparse.Namespace) -> None:
    data: Path | None = None if options.ephemeral else options.data.expanduser().absolute()
    if not 0 <= options.port < 65536:
        raise Failure(f"{options.port} is no port", CANNOT_START)
    if options.detach:
        _detach(options, data)
    else:
        _serve(options, data)


def _serve(options: argparse.Namespace, data: Path | None) -> None:
    from hodei.serve import CannotStart, Options, serve

    def ready(url: str) -> None:
        _announce(url, data, "Ctrl-C stops it")
        if options.ready_fd is not None:
            os.write(options.ready_fd, f"{url}\n".encode())
            os.close(options.ready_fd)

    settings = Options(
        host=options.host,
        port=options.port,
        data=data,
        certificates=(data or default_data().absolute()) / "tls",
        url=options.url,
        seed=options.seed,
        log_level=options.log_level,
        limits=options.limits,
        strict_auth=options.strict_auth,
    )
    try:
        serve(settings, ready)
    except CannotStart as error:
        raise Failure(str(error), CANNOT_START) from None


def _announce(url: str, data: Path | None, how_to_stop: str) -> None:
    hodei = command()
    other = "" if url == DEFAULT_URL else f" --url {url}"
    env = f'eval "$({hodei} env{other})"'
    lines = {
        env: "points the AWS clients of this shell here",
        f"{hodei} aws s3 mb s3://demo": "or calls the aws CLI with nothing set up",
        f"{hodei} clock advance 3d": "makes three days happen",
    }
    width = max(map(len, lines))
    print(f"Hodei {__version__} answers on {url} ({how_to_stop})")
    print(f"State: {data or 'in memory only, gone when it stops'}\n")
    for line, meaning in lines.items():
        print(f"  {line:{width}}  # {meaning}")
    sys.stdout.flush()


def command() -> str:
    """How the user can call this program."""
    if shutil.which("hodei"):
        return "hodei"
    called = Path(sys.argv[0]).absolute()
    if called.name != "hodei":
        return f"{sys.executable} -m hodei"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


# in the background


def _detach(options: argparse.Namespace, data: Path | None) -> None:
    """Start another process and wait until it has told its URL through a pipe; its end closes the pipe."""
    with _log(data) as log:
        before = log.tell()
        reader, writer = os.pipe()
        process = subprocess.Popen(
            [*_command_line(options, data), "--ready-fd", str(writer)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writer],
            start_new_session=True,
        )
        os.close(writer)
        with os.fdopen(reader) as pipe:
            url = pipe.readline().strip()
        if not url:
            process.wait()
            raise Failure(_last_line(Path(log.name), before), CANNOT_START)
        _announce(url, data, f"process {process.pid}, `{command()} stop` stops it")
        print(f"\nLog: {log.name}")


def _command_line(options: argparse.Namespace, data: Path | None) -> list[str]:
    line = [sys.executable, "-m", "hodei", "start", "--host", options.host, "--port", str(options.port)]
    line += ["--log-level", options.log_level, "--url", options.url]
    line += ["--data", str(data)] if data else ["--ephemeral"]
    line += ["--limits", options.limits] if options.limits else []
    line += ["--strict-auth"] if options.strict_auth else []
    return line if options.seed is None else [*line, "--seed", str(options.seed)]


def _log(data: Path | None) -> BinaryIO:
    """The log file, open at its end."""
    if data is None:
        number, name = tempfile.mkstemp(prefix="hodei-", suffix=".log")
        os.close(number)
        return Path(name).open("ab")
    from hodei.kernel.datadir import DataDir
    from hodei.kernel.store import DataError

    try:
        DataDir.open(data).close()
    except DataError as error:
        raise Failure(str(error), CANNOT_START) from None
    return (data / "hodei.log").open("ab")


def _last_line(log: Path, since: int) -> str:
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("hodei: ") if lines else f"it ended without a word; the log is {log}"


def stop(options: argparse.Namespace) -> None:
    from hodei.cli_client import ask

    pid = ask(options.url, "GET", "/_hodei/health", timeout=10)["pid"]
    ask(options.url, "POST", "/_hodei/stop", timeout=10)
    deadline = time.monotonic() + STOP_SECONDS
    while not _gone(pid):
        if time.monotonic() > deadline:
            raise Failure(f"process {pid} still finishes its requests; `kill {pid}` ends it at once")
        time.sleep(0.02)
    print("Stopped")


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"  # only its parent's to bury
    except ProcessLookupError:
        return True
    except OSError:  # of another user, or no Linux
        return False
