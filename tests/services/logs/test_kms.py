"""Groups with a KMS key: what lies in the store is ciphertext, and the key decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, messages, refusal

pytestmark = pytest.mark.feature("logs.kms")
ARN = "arn:aws:logs:us-east-1:000000000000:log-group:"


def key_for_logs(cloud: Cloud, group: str) -> str:
    """A key that CloudWatch Logs may use for a group, as AWS's guide has it."""
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            "Resource": "*",
            "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": ARN + group}},
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(cloud.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


def stored(cloud: Cloud) -> bytes:
    """All that the tables of events hold, inflated where it is no ciphertext."""
    from hodei.kernel.tables import Place
    from hodei.services.logs.events.chunks import inflated
    from hodei.services.logs.state import chunks, recent

    def read() -> bytes:
        place = Place(cloud.world.store, "000000000000", "us-east-1")
        rows = [row for table in (chunks, recent) for row in table.scan(place)]
        return b"".join(row.body if row.sealed else inflated(row.body) for row in rows)

    found: bytes = cloud._runner.call(read)
    return found


def test_events_are_ciphertext_under_the_key(cloud: Cloud, logs: Any, put: Any) -> None:
    key = key_for_logs(cloud, "secret")
    logs.create_log_group(logGroupName="secret", kmsKeyId=key)
    logs.create_log_stream(logGroupName="secret", logStreamName=STREAM)
    (described,) = logs.describe_log_groups(logGroupNamePrefix="secret")["logGroups"]
    assert described["kmsKeyId"] == key
    put("open words")
    for n in range(130):
        put(f"hidden words {n}", group="secret")
    assert b"open words" in stored(cloud)
    assert b"hidden words" not in stored(cloud)
    assert len(logs.filter_log_events(logGroupName="secret", filterPattern="hidden")["events"]) == 130


def test_a_disabled_key_stops_reading_and_writing(cloud: Cloud, logs: Any, put: Any) -> None:
    key = key_for_logs(cloud, GROUP)
    put("before")
    logs.associate_kms_key(logGroupName=GROUP, kmsKeyId=key)
    put("with the key")
    kms = cloud.client("kms")
    kms.disable_key(KeyId=key)
    cloud.clock.advance(hours=1)
    assert refusal(logs.get_log_events, logGroupName=GROUP, logStreamName=STREAM)[0] == "AccessDeniedException"
    kms.enable_key(KeyId=key)
    logs.disassociate_kms_key(logGroupName=GROUP)
    put("after", at=1)
    found = logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM)["events"]
    assert messages(found) == ["before", "with the key", "after"]


def test_a_key_must_let_cloudwatch_logs_use_it(cloud: Cloud, logs: Any) -> None:
    other = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert refusal(logs.associate_kms_key, logGroupName=GROUP, kmsKeyId=other)[0] == "InvalidParameterException"
    for_another = key_for_logs(cloud, "another")
    assert refusal(logs.associate_kms_key, logGroupName=GROUP, kmsKeyId=for_another)[0] == "InvalidParameterException"
