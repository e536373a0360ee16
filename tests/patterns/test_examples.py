"""The examples are run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, *options: str) -> None:
    command = [sys.executable, str(EXAMPLES / name), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("done\n")


@pytest.mark.socket
@pytest.mark.feature("cloud.durability", "sqs.dlq", "sqs.retention", "s3.notifications", "s3.lifecycle")
def test_the_durable_inbox() -> None:
    run("durable_inbox.py", "--files", "200")


@pytest.mark.socket
@pytest.mark.feature(
    *("dynamodb.items", "dynamodb.indexes", "dynamodb.single-table", "dynamodb.transactions", "dynamodb.streams"),
    *("dynamodb.pitr", "dynamodb.partiql", "dynamodb.export-import"),
)
def test_the_single_table() -> None:
    run("single_table.py", "--rows", "4000")


@pytest.mark.socket
@pytest.mark.feature(
    *("dynamodb.fine-grained-iam", "iam.abac", "iam.evaluation", "kms.keys", "cloudtrail.recording"),
    "cloud.pay-per-use",
)
def test_the_tenants() -> None:
    run("tenants.py")


@pytest.mark.socket
@pytest.mark.feature("s3.notifications", "lambda.event-sources", "lambda.dlq", "kinesis.streams", "cloudwatch.alarms")
def test_the_thumbnails() -> None:
    run("thumbnails.py")


@pytest.mark.socket
@pytest.mark.feature("patterns.event-sourcing", "patterns.poison-messages", "patterns.no-distributed-transaction")
def test_the_accounts() -> None:
    run("accounts.py", "--commands", "200")
