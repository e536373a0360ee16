"""What other services use: keys on behalf of their callers, AWS managed keys, and nothing secret in the data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hodei.kernel.context import ANONYMOUS, Principal
from hodei.kernel.errors import AwsError
from hodei.services.kms import api
from hodei.services.kms.find import existing
from hodei.services.kms.material import materials
from hodei.testing import ACCOUNT, REGION, Cloud

pytestmark = pytest.mark.feature("kms.keys")

Make = Callable[..., dict[str, Any]]
ROOT = Principal(account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:root", access_key=ACCOUNT)
OTHER = Principal(account="111111111111", arn="arn:aws:iam::111111111111:root", access_key="111111111111")
CONTEXT = {"aws:s3:arn": "arn:aws:s3:::bucket"}


class Asked:
    """KMS as a service asks it, for a caller."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def __call__(
        self, function: Callable[..., Any], *args: Any, by: str = "s3", principal: Principal = ROOT, **more: Any
    ) -> Any:
        world = self.cloud.world

        def run() -> Any:
            account = principal.account or ACCOUNT
            ctx = world.context(by, account=account, region=REGION, principal=principal, request_id="request")
            with world.store.batch():
                return function(ctx, *args, **more)

        return self.cloud._runner.call(run)

    def code(self, function: Callable[..., Any], *args: Any, **more: Any) -> str:
        with pytest.raises(AwsError) as caught:
            self(function, *args, **more)
        return str(caught.value.code)


@pytest.fixture
def asked(cloud: Cloud) -> Asked:
    return Asked(cloud)


def test_a_customers_key(asked: Asked, kms: Any, key: str) -> None:
    made = asked(api.generate_data_key, key, CONTEXT)
    assert len(made.plaintext) == 32
    assert made.key.endswith(f":key/{key}")
    assert asked(api.decrypt, made.wrapped, CONTEXT) == made.plaintext
    assert kms.decrypt(CiphertextBlob=made.wrapped, EncryptionContext=CONTEXT)["Plaintext"] == made.plaintext
    blob = asked(api.encrypt, key, b"value", CONTEXT, by="ssm")
    assert asked(api.decrypt, blob, CONTEXT, by="ssm", key_id=key) == b"value"
    assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]["Operation"] == "Decrypt"
    assert asked.code(api.decrypt, blob) == "InvalidCiphertextException"


def test_a_disabled_key_stops_reading(asked: Asked, kms: Any, key: str) -> None:
    blob = asked(api.encrypt, key, b"value")
    kms.disable_key(KeyId=key)
    assert asked.code(api.decrypt, blob) == "DisabledException"
    assert asked.code(api.generate_data_key, key) == "DisabledException"
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    assert asked.code(api.decrypt, blob) == "KMSInvalidStateException"
    assert asked.code(api.encrypt, "alias/none", b"x") == "NotFoundException"


def test_a_signing_key_does_not_encrypt(asked: Asked, make: Make) -> None:
    assert asked.code(api.encrypt, make("RSA_2048", "SIGN_VERIFY")["KeyId"], b"x") == "InvalidKeyUsageException"


def test_the_key_of_a_service_is_for_that_service(asked: Asked, kms: Any) -> None:
    """It is made when it is first used, and only through the service can it be."""
    assert kms.list_keys()["Keys"] == []
    blob = asked(api.encrypt, "alias/aws/s3", b"value")
    (alias,) = kms.list_aliases()["Aliases"]
    assert alias["AliasName"] == "alias/aws/s3"
    described = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert described["KeyManager"] == "AWS"
    assert asked(api.managed_key, "s3") == described["Arn"] == asked(api.key_arn, "alias/aws/s3")
    assert asked(api.decrypt, blob) == b"value"
    assert asked.code(api.decrypt, blob, by="sqs") == "AccessDeniedException"
    assert asked.code(api.encrypt, described["Arn"], b"x", principal=OTHER) == "AccessDeniedException"
    assert kms.get_key_rotation_status(KeyId=described["KeyId"])["KeyRotationEnabled"] is True


def test_nobody_manages_the_key_of_a_service(asked: Asked, kms: Any, refused: Any) -> None:
    arn = asked(api.managed_key, "sqs")
    for call, params in (
        (kms.encrypt, {"Plaintext": b"x"}),
        (kms.disable_key, {}),
        (kms.schedule_key_deletion, {}),
        (kms.put_key_policy, {"Policy": "{}"}),
        (kms.disable_key_rotation, {}),
    ):
        with refused("AccessDeniedException", "no resource-based policy allows"):
            call(KeyId=arn, **params)
    assert "kms:ViaService" in kms.get_key_policy(KeyId=arn)["Policy"]


def test_the_caller_needs_permission_too(asked: Asked, cloud: Cloud, kms: Any, key: str) -> None:
    iam = cloud.client("iam")
    user = iam.create_user(UserName="bob")["User"]
    bob = Principal(account=ACCOUNT, arn=user["Arn"], access_key="AKIA", kind="user", id=user["UserId"])
    assert asked.code(api.generate_data_key, key, principal=bob) == "AccessDeniedException"
    condition = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document)
    made = asked(api.generate_data_key, key, principal=bob)
    assert asked(api.decrypt, made.wrapped, principal=bob) == made.plaintext
    assert asked.code(api.generate_data_key, key, principal=bob, by="sqs") == "AccessDeniedException"


def test_what_a_service_does_of_itself_needs_no_permission(asked: Asked, kms: Any, key: str) -> None:
    blob = asked(api.encrypt, key, b"value", principal=ANONYMOUS)
    assert asked(api.decrypt, blob, principal=ANONYMOUS) == b"value"


def test_keys_outlive_a_restart_and_lie_sealed(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path) as cloud:
        kms = cloud.client("kms")
        key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
        pair = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signed = kms.sign(KeyId=pair, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256")["Signature"]
        mac = kms.generate_mac(KeyId=key, Message=b"x", MacAlgorithm="HMAC_SHA_256")["Mac"]
        secrets = [opened(cloud, id) for id in (key, pair)]
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in secrets:
        assert secret and secret not in stored
    assert key.encode() in stored  # it is there that we look
    with Cloud(directory=tmp_path) as cloud:
        kms = cloud.client("kms")
        assert kms.verify_mac(KeyId=key, Message=b"x", MacAlgorithm="HMAC_SHA_256", Mac=mac)["MacValid"]
        call = {"KeyId": pair, "Message": b"x", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
        assert kms.verify(Signature=signed, **call)["SignatureValid"]


def opened(cloud: Cloud, id: str) -> bytes:
    """The bytes of a key."""

    def run() -> bytes:
        ctx = cloud.world.context("kms", account=ACCOUNT, region=REGION)
        return materials.secret(*existing(ctx, id))

    return bytes(cloud._runner.call(run))


def test_a_snapshot_has_its_keys(cloud: Cloud, kms: Any, key: str) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    cloud.save("before")
    cloud.reset()
    assert kms.list_keys()["Keys"] == []
    kms.create_key()
    cloud.load("before")
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_resetting_an_account_takes_its_grants(cloud: Cloud, kms: Any, key: str) -> None:
    kms.create_grant(KeyId=key, GranteePrincipal="111111111111", RetiringPrincipal=ROOT.arn, Operations=["Decrypt"])
    cloud.reset(ACCOUNT)
    assert kms.list_retirable_grants(RetiringPrincipal=ROOT.arn)["Grants"] == []
