"""The JavaScript SDK, version 3. It needs node and `npm install` in tests/clients/js, and is skipped without."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hostile.process import Process

pytestmark = pytest.mark.socket

FOLDER = Path(__file__).with_name("js")
PATIENCE = 120  # seconds
THROTTLING = pytest.mark.feature("cli.sdk", "cloud.throttling")
KINESIS = pytest.mark.feature("kinesis.streams", "kinesis.consumers")
DYNAMODB = pytest.mark.feature("dynamodb.items", "dynamodb.transactions", "dynamodb.streams", "dynamodb.partiql")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not there")
@pytest.mark.skipif(not (FOLDER / "node_modules").exists(), reason=f"no SDK: run npm install in {FOLDER}")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("sdk", id="s3-sqs-sts"),
        pytest.param("dynamodb", marks=DYNAMODB),
        pytest.param("kinesis", marks=KINESIS),
        pytest.param("throttling", marks=THROTTLING),
    ],
)
def test_the_sdk_for_javascript(server: Process, name: str) -> None:
    script = FOLDER / f"{name}.mjs"
    command = ["node", str(script), server.url]
    ran = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=PATIENCE)
    done = [json.loads(line)["step"] for line in ran.stdout.splitlines()]
    steps = re.findall(r"^  async (\w+)\(\) \{$", script.read_text(), re.MULTILINE)
    assert ran.returncode == 0, f"{steps[len(done)]}: {ran.stderr}"
    assert done == steps
