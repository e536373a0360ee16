"""Server-side encryption."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, Make, Refused

pytestmark = pytest.mark.feature("kinesis.kms")
MANAGED = "alias/aws/kinesis"


def raw(cloud: Cloud) -> bytes:
    """All that lies in the table of records."""

    def read() -> bytes:
        from hodei.services.kinesis.state import records

        place = cloud.world.context("kinesis", account=ACCOUNT, region="us-east-1")
        return b"".join(record.key.encode() + record.data for record in records.scan(place))

    return bytes(cloud._runner.call(read))


def test_records_are_ciphertext(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    stream.put("in plain text", "open")
    assert "EncryptionType" not in stream.put("more")
    kinesis.start_stream_encryption(StreamName="stream", EncryptionType="KMS", KeyId=MANAGED)
    summary = stream.summary()
    assert (summary["EncryptionType"], summary["KeyId"]) == ("KMS", MANAGED)
    assert stream.put("a secret", "hidden key")["EncryptionType"] == "KMS"
    lying = raw(cloud)
    assert b"in plain text" in lying
    assert b"a secret" not in lying
    assert b"hidden key" not in lying
    *_, record = stream.get(stream.iterator())["Records"]
    assert (record["Data"], record["PartitionKey"], record["EncryptionType"]) == (b"a secret", "hidden key", "KMS")
    kinesis.stop_stream_encryption(StreamName="stream", EncryptionType="KMS", KeyId=MANAGED)
    assert stream.summary()["EncryptionType"] == "NONE"
    stream.put("open again")
    assert stream.read() == ["in plain text", "more", "a secret", "open again"]


def test_the_key_decides(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    stream = make()
    kinesis.start_stream_encryption(StreamName="stream", EncryptionType="KMS", KeyId=key)
    stream.put("sealed")
    assert stream.read() == ["sealed"]
    kms.disable_key(KeyId=key)
    assert stream.read() == ["sealed"]  # the data key is known for five minutes
    cloud.clock.advance(minutes=6)
    with refused("KMSDisabledException"):
        stream.read()
    with refused("KMSDisabledException"):
        stream.put("more")
    kms.enable_key(KeyId=key)
    stream.put("more")
    assert stream.read() == ["sealed", "more"]
    with refused("KMSNotFoundException"):
        kinesis.start_stream_encryption(StreamName="stream", EncryptionType="KMS", KeyId="alias/none")
    kms.disable_key(KeyId=key)
    with refused("KMSDisabledException"):
        kinesis.start_stream_encryption(StreamName="stream", EncryptionType="KMS", KeyId=key)


def test_sealed_records_outlive_their_data_key_in_memory(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    kinesis.start_stream_encryption(StreamName="stream", EncryptionType="KMS", KeyId=MANAGED)
    for hour in range(5):
        stream.put(str(hour))
        cloud.clock.advance(hours=5)
    assert stream.read() == ["1", "2", "3", "4"]
    cloud.clock.advance(hours=30)
    assert stream.read() == []
