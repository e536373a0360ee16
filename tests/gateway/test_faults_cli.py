"""`hodei fault` and `hodei limit`, against a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from hodei.cli import main
from hostile.process import Process

pytestmark = pytest.mark.socket
Hodei = Callable[..., str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("faults")
    with Process(folder / "data", folder / "log") as process:
        yield process


@pytest.fixture
def hodei(server: Process, capsys: pytest.CaptureFixture[str]) -> Hodei:
    """What the command prints; a failure is on the other stream."""

    def run(*words: str, code: int = 0) -> str:
        assert main([*words, "--url", server.url]) == code
        out, err = capsys.readouterr()
        return err if code else out

    return run


@pytest.mark.feature("cloud.throttling")
def test_faults(server: Process, hodei: Hodei) -> None:
    assert hodei("fault", "list") == "no faults\n"
    error = "ProvisionedThroughputExceededException"
    words = ("--service", "dynamodb", "--operation", "PutItem", "--error", error, "--rate", "0.2", "--for", "10m")
    added = hodei("fault", "add", *words, "--seed", "7")
    assert added.startswith(
        f"Added 1: service=dynamodb operation=PutItem error={error} rate=0.2, 0 of 0 calls, until 2"
    )
    hodei("fault", "add", "--region", "eu-west-1", "--down")
    hodei("fault", "add", "--latency", "normal(200ms,50ms)", "--service", "sqs", "--count", "3")
    hodei("fault", "add", "--service", "s3", "--abort-after", "0")
    hodei("fault", "add", "--service", "s3", "--skew=-10m")
    lines = hodei("fault", "list").splitlines()
    assert lines[1:] == [
        "2: region=eu-west-1 down, 0 of 0 calls",
        "3: service=sqs latency=normal(200ms,50ms) count=3, 0 of 0 calls",
        "4: service=s3 abort_after=0, 0 of 0 calls",
        "5: service=s3 skew=-600.0, 0 of 0 calls",
    ]
    assert hodei("fault", "remove", "2") == "Removed 2: region=eu-west-1 down, 0 of 0 calls\n"
    assert "no fault '2'" in hodei("fault", "remove", "2", code=1)
    assert "does something" in hodei("fault", "add", "--service", "sqs", code=1)
    assert hodei("fault", "clear") == "Removed 4 faults\n"


@pytest.mark.feature("cloud.throttling")
def test_limits(server: Process, hodei: Hodei) -> None:
    assert "do not hold" in hodei("limit", "list")
    hodei("limit", "aws")
    hodei("limit", "set", "sqs", "SendMessage", "--rate", "10", "--burst", "20", "--region", "eu-west-1")
    told = hodei("limit", "list").splitlines()
    assert told[0] == "AWS's documented rates hold"
    assert "  kms.create-key-rate: 5/s  CreateKey request rate" in told
    assert told[-1] == "  sqs SendMessage: 10/s, burst 20 region=eu-west-1"
    assert "no limit is set" in hodei("limit", "remove", "sqs", "SendMessage", code=1)
    hodei("limit", "remove", "sqs", "SendMessage", "--region", "eu-west-1")
    hodei("limit", "off")
    assert hodei("limit", "list").splitlines()[-1] == "None is set"


def test_start_turns_awss_rates_on(tmp_path: Path) -> None:
    start = [sys.executable, "-m", "hodei", "start", "--port", "0", "--data", str(tmp_path), "--detach"]
    for words, mode in (["--limits", "aws"], "aws"), ([], "aws"), (["--limits", "off"], "off"):
        started = subprocess.run([*start, *words], capture_output=True, text=True, check=True)
        url = started.stdout.partition("answers on ")[2].split()[0]
        try:
            assert httpx.get(f"{url}/_hodei/limits").json()["mode"] == mode
        finally:
            assert main(["stop", "--url", url]) == 0
