"""The AWS Encryption SDK for Python, unmodified: envelope encryption with data keys of KMS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest

from hodei.inprocess import botocore_sender
from hodei.testing import ACCOUNT, Cloud

aws_encryption_sdk = pytest.importorskip("aws_encryption_sdk")

from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError  # noqa: E402
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy  # noqa: E402
from aws_encryption_sdk.key_providers.kms import (  # noqa: E402
    MRKAwareStrictAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider,
)

pytestmark = pytest.mark.feature("kms.keys")

CONTEXT = {"tenant": "7"}


def session(cloud: Cloud) -> Any:
    """The SDK makes its clients itself, by Region: what they send is answered by the cloud."""
    made = botocore.session.get_session()
    made.set_credentials(ACCOUNT, "test")
    made.get_component("event_emitter").register("before-send", botocore_sender(cloud._runner))
    return made


def provider(cloud: Cloud, *arns: str) -> Any:
    return StrictAwsKmsMasterKeyProvider(key_ids=list(arns), botocore_session=session(cloud))


@pytest.mark.parametrize("suite", ["signed", "unsigned"])
def test_a_round_trip(cloud: Cloud, kms: Any, make: Callable[..., dict[str, Any]], suite: str) -> None:
    algorithm = {
        "signed": Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
        "unsigned": Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
    }[suite]
    one, two = make()["Arn"], make()["Arn"]
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    plaintext = bytes(range(256)) * 100
    ciphertext, _ = client.encrypt(
        source=plaintext, key_provider=provider(cloud, one, two), encryption_context=CONTEXT, algorithm=algorithm
    )
    assert plaintext[:64] not in ciphertext
    opened, header = client.decrypt(source=ciphertext, key_provider=provider(cloud, two))
    assert opened == plaintext
    assert CONTEXT.items() <= header.encryption_context.items()
    kms.disable_key(KeyId=two)
    with pytest.raises(AWSEncryptionSDKClientError):
        client.decrypt(source=ciphertext, key_provider=provider(cloud, two))
    assert client.decrypt(source=ciphertext, key_provider=provider(cloud, one))[0] == plaintext


def test_another_region_opens_what_a_multi_region_key_sealed(
    cloud: Cloud, kms: Any, make: Callable[..., dict[str, Any]]
) -> None:
    arn = make(MultiRegion=True)["Arn"]
    replica = kms.replicate_key(KeyId=arn, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]["Arn"]
    client = aws_encryption_sdk.EncryptionSDKClient()
    ciphertext, _ = client.encrypt(source=b"secret", key_provider=provider(cloud, arn), encryption_context=CONTEXT)
    there = MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[replica], botocore_session=session(cloud))
    assert client.decrypt(source=ciphertext, key_provider=there)[0] == b"secret"
