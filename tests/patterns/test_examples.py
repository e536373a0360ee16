"""The examples are run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.socket
@pytest.mark.feature("cloud.durability", "sqs.dlq", "sqs.retention", "s3.notifications", "s3.lifecycle")
def test_the_durable_inbox() -> None:
    command = [sys.executable, str(EXAMPLES / "durable_inbox.py"), "--files", "200"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("done\n")


@pytest.mark.socket
@pytest.mark.feature(
    *("dynamodb.items", "dynamodb.indexes", "dynamodb.single-table", "dynamodb.transactions", "dynamodb.streams"),
    *("dynamodb.pitr", "dynamodb.partiql", "dynamodb.export-import"),
)
def test_the_single_table() -> None:
    command = [sys.executable, str(EXAMPLES / "single_table.py"), "--rows", "4000"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("done\n")


@pytest.mark.socket
@pytest.mark.feature(
    *("dynamodb.fine-grained-iam", "iam.abac", "iam.evaluation", "kms.keys", "cloudtrail.recording"),
    "cloud.pay-per-use",
)
def test_the_tenants() -> None:
    command = [sys.executable, str(EXAMPLES / "tenants.py")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("done\n")
