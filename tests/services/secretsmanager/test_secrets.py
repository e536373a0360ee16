"""Secrets, their versions and labels, keys at rest, and how they are deleted."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("secretsmanager.secrets")

Refused = Callable[..., AbstractContextManager[None]]
TOKEN = "a" * 32


def stages(secrets: Any, id: str = "s") -> dict[str, list[str]]:
    return dict(secrets.describe_secret(SecretId=id).get("VersionIdsToStages", {}))


def test_the_arn_ends_in_six_random_characters(secrets: Any) -> None:
    arn = secrets.create_secret(Name="a/b")["ARN"]
    assert re.fullmatch(r"arn:aws:secretsmanager:us-east-1:000000000000:secret:a/b-[A-Za-z0-9]{6}", arn)


@pytest.mark.parametrize("given", ["s", "full", "partial"])
def test_a_secret_is_found_by_name_arn_and_partial_arn(secrets: Any, given: str, refused: Refused) -> None:
    arn = secrets.create_secret(Name="s", SecretString="x")["ARN"]
    id = {"s": "s", "full": arn, "partial": arn[:-7]}[given]
    assert secrets.get_secret_value(SecretId=id)["SecretString"] == "x"
    with refused("ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=arn[:-6] + "ZZZZZZ")
    with refused("ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=arn.replace("us-east-1", "eu-west-1"))


def test_regions_and_accounts_have_their_own(cloud: Cloud, secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", SecretString="x")
    for other in ({"region_name": "eu-west-1"}, {"account": "111111111111"}):
        with refused("ResourceNotFoundException"):
            cloud.client("secretsmanager", **other).get_secret_value(SecretId="s")


def test_the_token_makes_requests_idempotent(secrets: Any, refused: Refused) -> None:
    first = secrets.create_secret(Name="s", SecretString="x", ClientRequestToken=TOKEN)
    assert first["VersionId"] == TOKEN
    again = secrets.create_secret(Name="s", SecretString="x", ClientRequestToken=TOKEN)
    assert (again["ARN"], again["VersionId"]) == (first["ARN"], TOKEN)
    with refused("ResourceExistsException", f"You can't use ClientRequestToken {TOKEN} because"):
        secrets.create_secret(Name="s", SecretString="y", ClientRequestToken=TOKEN)
    put = secrets.put_secret_value(SecretId="s", SecretString="y", ClientRequestToken="b" * 32)
    again = secrets.put_secret_value(SecretId="s", SecretString="y", ClientRequestToken="b" * 32)
    assert again["VersionStages"] == put["VersionStages"] == ["AWSCURRENT"]
    for call in (secrets.put_secret_value, secrets.update_secret):
        with refused("ResourceExistsException"):
            call(SecretId="s", SecretString="z", ClientRequestToken=TOKEN)
    assert stages(secrets) == {TOKEN: ["AWSPREVIOUS"], "b" * 32: ["AWSCURRENT"]}


def test_a_value_is_a_string_or_binary(secrets: Any, refused: Refused) -> None:
    with refused("InvalidParameterException", "both a binary secret value and a string secret value"):
        secrets.create_secret(Name="s", SecretString="x", SecretBinary=b"x")
    secrets.create_secret(Name="s", SecretString="é" * 32768)
    with refused("InvalidRequestException", "You must provide either SecretString or SecretBinary."):
        secrets.put_secret_value(SecretId="s")
    with refused("InvalidParameterException"):
        secrets.put_secret_value(SecretId="s", SecretString="é" * 32769)
    with refused("ValidationException"):
        secrets.put_secret_value(SecretId="s", SecretBinary=b"x" * 65537)


def test_the_first_version_is_current_whatever_its_labels(secrets: Any) -> None:
    secrets.create_secret(Name="s")
    put = secrets.put_secret_value(SecretId="s", SecretString="x", VersionStages=["mine"])
    assert put["VersionStages"] == ["AWSCURRENT", "mine"]


def test_labels_move_only_from_where_they_are(secrets: Any, refused: Refused) -> None:
    one = secrets.create_secret(Name="s", SecretString="1")["VersionId"]
    two = secrets.put_secret_value(SecretId="s", SecretString="2", VersionStages=["AWSPENDING"])["VersionId"]

    def move(label: str, **more: str) -> None:
        secrets.update_secret_version_stage(SecretId="s", VersionStage=label, **more)

    with refused("InvalidParameterException", f"Staging label AWSCURRENT is currently attached to version {one}"):
        move("AWSCURRENT", MoveToVersionId=two)
    with refused("InvalidParameterException"):
        move("AWSCURRENT", MoveToVersionId=two, RemoveFromVersionId=two)
    with refused("InvalidParameterException", "It can't be completely removed."):
        move("AWSCURRENT", RemoveFromVersionId=one)
    with refused("InvalidParameterException"):
        move("x")
    with refused("ResourceNotFoundException"):
        move("x", MoveToVersionId="c" * 32)
    move("x", MoveToVersionId=one)
    move("AWSCURRENT", MoveToVersionId=two, RemoveFromVersionId=one)
    assert stages(secrets) == {one: ["AWSPREVIOUS", "x"], two: ["AWSCURRENT", "AWSPENDING"]}
    move("AWSPENDING", RemoveFromVersionId=two)
    assert stages(secrets)[two] == ["AWSCURRENT"]
    assert secrets.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"] == "1"


def test_labels_are_limited(secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", SecretString="1")
    secrets.put_secret_value(SecretId="s", SecretString="2", VersionStages=[f"l{n}" for n in range(19)])
    with refused("LimitExceededException"):
        secrets.put_secret_value(SecretId="s", SecretString="3", VersionStages=["one-more"])


def test_deprecated_versions_go_when_they_are_many_and_old(cloud: Cloud, secrets: Any) -> None:
    cloud.quota("secretsmanager", "versions", 3)
    secrets.create_secret(Name="s", SecretString="0")

    def count() -> int:
        return len(secrets.list_secret_version_ids(SecretId="s", IncludeDeprecated=True)["Versions"])

    for value in "1234":
        secrets.put_secret_value(SecretId="s", SecretString=value)
    assert count() == 5
    assert len(secrets.list_secret_version_ids(SecretId="s")["Versions"]) == 2
    cloud.clock.advance(hours=25)
    secrets.put_secret_value(SecretId="s", SecretString="5")
    assert count() == 3


def test_versions_come_in_pages(secrets: Any, refused: Refused) -> None:
    ids = [secrets.create_secret(Name="s", SecretString="0")["VersionId"]]
    ids += [secrets.put_secret_value(SecretId="s", SecretString=str(n))["VersionId"] for n in range(4)]
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while not found or token:
        page = secrets.list_secret_version_ids(SecretId="s", IncludeDeprecated=True, MaxResults=2, **token)
        found.append([version["VersionId"] for version in page["Versions"]])
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    assert found == [ids[:2], ids[2:4], ids[4:]]
    with refused("InvalidNextTokenException"):
        secrets.list_secret_version_ids(SecretId="s", NextToken="nonsense")


def test_the_day_of_the_last_retrieval_is_kept(cloud: Cloud, secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString="x")
    assert "LastAccessedDate" not in secrets.describe_secret(SecretId="s")
    secrets.get_secret_value(SecretId="s")
    day = cloud.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert secrets.describe_secret(SecretId="s")["LastAccessedDate"] == day
    cloud.clock.advance(days=2)
    secrets.get_secret_value(SecretId="s")
    assert secrets.list_secrets()["SecretList"][0]["LastAccessedDate"] == day + timedelta(days=2)


def test_a_secret_waits_for_its_deletion(cloud: Cloud, secrets: Any, refused: Refused) -> None:
    cloud.clock.freeze()
    secrets.create_secret(Name="s", SecretString="x")
    deleted = secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    assert abs(deleted["DeletionDate"] - cloud.clock.now() - timedelta(days=7)) < timedelta(seconds=1)
    calls: list[tuple[Any, dict[str, Any]]] = [
        (secrets.get_secret_value, {}),
        (secrets.put_secret_value, {"SecretString": "y"}),
        (secrets.update_secret, {"Description": "y"}),
        (secrets.get_resource_policy, {}),
        (secrets.delete_secret, {}),
    ]
    for call, params in calls:
        with refused("InvalidRequestException", "because it was marked for deletion."):
            call(SecretId="s", **params)
    with refused("InvalidRequestException", "already scheduled for deletion."):
        secrets.create_secret(Name="s")
    assert secrets.describe_secret(SecretId="s")["DeletedDate"] == deleted["DeletionDate"]
    assert secrets.list_secrets()["SecretList"] == []
    assert len(secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]) == 1
    cloud.clock.advance(days=6, hours=23)
    secrets.restore_secret(SecretId="s")
    cloud.clock.advance(days=2)
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "x"
    secrets.delete_secret(SecretId="s")
    cloud.clock.advance(days=29)
    secrets.describe_secret(SecretId="s")
    cloud.clock.advance(days=1)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId="s")


def test_the_recovery_window(secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", SecretString="x")
    for days in (0, 6, 31):
        with refused("InvalidParameterException", "between 7 and 30 days"):
            secrets.delete_secret(SecretId="s", RecoveryWindowInDays=days)
    with refused("InvalidParameterException", "in conjunction with"):
        secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True)
    secrets.delete_secret(SecretId="s")
    secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)  # no error if it is gone
    with refused("ResourceNotFoundException"):
        secrets.delete_secret(SecretId="s")
    secrets.create_secret(Name="s", Tags=[])
    assert "VersionIdsToStages" not in secrets.describe_secret(SecretId="s")


def test_tags(secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", Tags=[{"Key": "a", "Value": "1"}])
    secrets.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    secrets.untag_resource(SecretId="s", TagKeys=["b", "missing"])
    assert secrets.describe_secret(SecretId="s")["Tags"] == [{"Key": "a", "Value": "2"}]
    with refused("InvalidParameterException"):
        secrets.tag_resource(SecretId="s", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with refused("InvalidParameterException"):
        secrets.tag_resource(SecretId="s", Tags=[{"Key": "aws:x", "Value": ""}])


def test_values_at_rest_are_ciphertext_under_a_kms_key(cloud: Cloud, secrets: Any, refused: Refused) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secrets.create_secret(Name="s", SecretString="correct horse battery", KmsKeyId=key)
    assert not any(b"correct horse" in value for _, value in cloud.world.store.scan(b"", b"\xff"))
    assert secrets.describe_secret(SecretId="s")["KmsKeyId"] == key
    assert secrets.list_secret_version_ids(SecretId="s")["Versions"][0]["KmsKeyIds"] == [key]
    kms.disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        secrets.get_secret_value(SecretId="s")
    with refused("EncryptionFailure"):
        secrets.put_secret_value(SecretId="s", SecretString="x")
    kms.enable_key(KeyId=key)
    secrets.update_secret(SecretId="s", KmsKeyId="")
    kms.disable_key(KeyId=key)
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "correct horse battery"
    assert "KmsKeyId" not in secrets.describe_secret(SecretId="s")
    assert "alias/aws/secretsmanager" in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]
    with refused("EncryptionFailure"):
        secrets.create_secret(Name="t", SecretString="x", KmsKeyId="alias/missing")


def test_managed_external_secrets_are_refused(secrets: Any, refused: Refused) -> None:
    with refused("NotImplemented", "Managed external secrets", 501):
        secrets.create_secret(Name="s", Type="SalesforceClientSecret")


def password(secrets: Any, **options: Any) -> str:
    return str(secrets.get_random_password(**options)["RandomPassword"])


def test_random_passwords(secrets: Any, refused: Refused) -> None:
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits, string.punctuation)
    for _ in range(20):
        assert all(set(password(secrets, PasswordLength=4)) & set(kind) for kind in kinds)
    assert len(password(secrets)) == 32
    assert len(set(password(secrets, PasswordLength=4096))) == 94
    digits = password(secrets, ExcludeUppercase=True, ExcludeLowercase=True, ExcludePunctuation=True)
    assert digits.isdigit()
    assert " " in password(secrets, PasswordLength=5, IncludeSpace=True)
    assert not set("abc0!") & set(password(secrets, PasswordLength=4000, ExcludeCharacters="abc0!"))
    assert len(password(secrets, PasswordLength=1, RequireEachIncludedType=False)) == 1
    with refused("InvalidParameterException", "Password length is too short based on the required types."):
        password(secrets, PasswordLength=3)
    with refused("InvalidParameterException"):
        password(secrets, ExcludeCharacters=string.printable)
    with refused("ValidationException", "passwordLength"):
        password(secrets, PasswordLength=4097)


def test_a_tag_without_a_key_is_refused(secrets: Any, refused: Refused) -> None:
    with refused("InvalidParameterException"):
        secrets.create_secret(Name="s", Tags=[{"Value": "x"}])
