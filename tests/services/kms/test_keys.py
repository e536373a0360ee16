"""Keys: their kinds, states, names, tags, use and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("kms.keys")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]


def state(kms: Any, key: str) -> str:
    return str(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


@pytest.mark.parametrize(
    ("spec", "usage", "member"),
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms"),
        ("RSA_3072", "SIGN_VERIFY", "SigningAlgorithms"),
        ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms"),
        ("ECC_NIST_P521", "KEY_AGREEMENT", "KeyAgreementAlgorithms"),
    ],
)
def test_a_key_tells_what_it_is_for(make: Make, spec: str, usage: str, member: str) -> None:
    made = make(spec, usage)
    assert (made["KeySpec"], made["CustomerMasterKeySpec"], made["KeyUsage"]) == (spec, spec, usage)
    assert made[member]
    assert [name for name in made if name.endswith("Algorithms")] == [member]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"}, "KeyUsage ENCRYPT_DECRYPT is not compatible"),
        ({"KeyUsage": "SIGN_VERIFY"}, "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"),
        ({"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}, "is not compatible"),
        ({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048"}, "You cannot specify KeySpec and CustomerMaster"),
        ({"Origin": "EXTERNAL_KEY_STORE"}, "Origin EXTERNAL_KEY_STORE does not fit"),
        ({"CustomKeyStoreId": "cks-1"}, "Origin AWS_KMS does not fit"),
    ],
)
def test_keys_that_cannot_be(kms: Any, refused: Refused, given: dict[str, str], message: str) -> None:
    with refused("ValidationException", message):
        kms.create_key(**given)
    assert kms.list_keys()["Keys"] == []


def test_the_older_name_of_the_spec(kms: Any) -> None:
    made = kms.create_key(CustomerMasterKeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert made["KeySpec"] == "RSA_2048"


def test_a_disabled_key_does_nothing(kms: Any, key: str, refused: Refused) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (described["KeyState"], described["Enabled"]) == ("Disabled", False)
    message = f"{described['Arn']} is disabled."
    for call, params in (
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
        (kms.enable_key_rotation, {"KeyId": key}),
        (kms.create_grant, {"KeyId": key, "GranteePrincipal": "111111111111", "Operations": ["Decrypt"]}),
    ):
        with refused("DisabledException", message):
            call(**params)
    kms.update_key_description(KeyId=key, Description="still manageable")
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_descriptions(kms: Any, key: str) -> None:
    kms.update_key_description(KeyId=key, Description="new")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "new"


def test_keys_are_listed_in_pages(cloud: Cloud, kms: Any, make: Make) -> None:
    made = {make()["KeyId"] for _ in range(5)}
    cloud.client("kms", region_name="eu-west-1").create_key()
    cloud.client("kms", account="111111111111").create_key()
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Keys"]) for page in pages] == [2, 2, 1]
    assert [page["Truncated"] for page in pages] == [True, True, False]
    assert {key["KeyId"] for page in pages for key in page["Keys"]} == made
    assert all(key["KeyArn"].endswith(f":key/{key['KeyId']}") for page in pages for key in page["Keys"])


def test_markers_are_not_made_up(kms: Any, key: str, refused: Refused) -> None:
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    kms.create_alias(AliasName="alias/b", TargetKeyId=key)
    marker = kms.list_aliases(Limit=1)["NextMarker"]
    for call in (kms.list_keys, kms.list_aliases):
        with refused("InvalidMarkerException"):
            call(Marker="made up")
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker=marker)  # of another list


def test_the_last_use_is_known(cloud: Cloud, kms: Any, key: str, refused: Refused) -> None:
    cloud.clock.freeze()
    unused = kms.get_key_last_usage(KeyId=key)
    assert "KeyLastUsage" not in unused
    assert unused["TrackingStartDate"] == unused["KeyCreationDate"]
    cloud.clock.advance(days=3)
    answer = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    used = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert used["Operation"] == "GenerateDataKey"
    assert used["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]
    assert round((used["Timestamp"] - unused["KeyCreationDate"]).total_seconds()) == 3 * 86400
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=b"x")
    with refused("DryRunOperationException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)
    assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"] == used


# Tags.


def test_tags(kms: Any, refused: Refused) -> None:
    made = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": ""}])
    key = made["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "2"}, {"TagKey": "c", "TagValue": "3"}])
    kms.untag_resource(KeyId=key, TagKeys=["b", "nothing"])
    listed = kms.list_resource_tags(KeyId=key)
    assert listed["Tags"] == [{"TagKey": "a", "TagValue": "2"}, {"TagKey": "c", "TagValue": "3"}]
    assert listed["Truncated"] is False
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key, PaginationConfig={"PageSize": 1})
    assert [page["Tags"][0]["TagKey"] for page in pages] == ["a", "c"]
    with refused("TagException", "Too many tags"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"k{n}", "TagValue": ""} for n in range(49)])
    with refused("ValidationException"):
        kms.list_resource_tags(KeyId=key, Limit=51)


# Aliases.


def test_an_alias_moves_to_another_key(cloud: Cloud, kms: Any, make: Make) -> None:
    cloud.clock.freeze()
    first, second = make()["KeyId"], make()["KeyId"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=first)
    old = kms.encrypt(KeyId="alias/app", Plaintext=b"x")["CiphertextBlob"]
    cloud.clock.advance(hours=1)
    kms.update_alias(AliasName="alias/app", TargetKeyId=second)
    (alias,) = kms.list_aliases(KeyId=second)["Aliases"]
    assert alias["AliasArn"] == "arn:aws:kms:us-east-1:000000000000:alias/app"
    assert alias["TargetKeyId"] == second
    assert round((alias["LastUpdatedDate"] - alias["CreationDate"]).total_seconds()) == 3600
    assert kms.list_aliases(KeyId=first)["Aliases"] == []
    assert kms.decrypt(CiphertextBlob=old)["KeyId"].endswith(first)
    assert kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"] == second
    kms.delete_alias(AliasName="alias/app")
    assert kms.list_aliases()["Aliases"] == []


def test_what_aliases_cannot_be(kms: Any, make: Make, key: str, refused: Refused) -> None:
    arn = "arn:aws:kms:us-east-1:000000000000:alias/app"
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    with refused("AlreadyExistsException", f"An alias with the name {arn} already exists"):
        kms.create_alias(AliasName="alias/app", TargetKeyId=make()["KeyId"])
    with refused("NotAuthorizedException"):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=key)
    with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
        kms.create_alias(AliasName="alias/other", TargetKeyId="alias/app")
    with refused("ValidationException", "Member must satisfy regular expression pattern"):
        kms.create_alias(AliasName="alias/a b", TargetKeyId=key)
    with refused("ValidationException", 'Alias must start with the prefix "alias/"'):
        kms.create_alias(AliasName="alias/", TargetKeyId=key)
    for spec, usage in (("HMAC_256", "GENERATE_VERIFY_MAC"), ("RSA_2048", "ENCRYPT_DECRYPT")):
        with refused("ValidationException", "cannot be changed"):
            kms.update_alias(AliasName="alias/app", TargetKeyId=make(spec, usage)["KeyId"])
    missing = "Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found."
    for call in (
        lambda: kms.update_alias(AliasName="alias/none", TargetKeyId=key),
        lambda: kms.delete_alias(AliasName="alias/none"),
        lambda: kms.encrypt(KeyId="alias/none", Plaintext=b"x"),
    ):
        with refused("NotFoundException", missing):
            call()


def test_managing_takes_no_alias(kms: Any, key: str, refused: Refused) -> None:
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    for name in ("alias/app", "arn:aws:kms:us-east-1:000000000000:alias/app"):
        with refused("NotFoundException", "Invalid keyId"):
            kms.disable_key(KeyId=name)
    for name in ("arn:aws:s3:::bucket", "arn:aws:kms:us-east-1:000000000000:thing/x"):
        with refused("InvalidArnException"):
            kms.describe_key(KeyId=name)


def test_a_key_has_so_many_aliases(cloud: Cloud, kms: Any, key: str, refused: Refused) -> None:
    cloud.quota("kms", "aliases-per-key", 2)
    for number in range(2):
        kms.create_alias(AliasName=f"alias/{number}", TargetKeyId=key)
    with refused("LimitExceededException"):
        kms.create_alias(AliasName="alias/2", TargetKeyId=key)


def test_a_region_has_so_many_keys(cloud: Cloud, kms: Any, refused: Refused) -> None:
    cloud.quota("kms", "keys", 1)
    kms.describe_key(KeyId="alias/aws/s3")  # AWS's own do not count
    kms.create_key()
    with refused("LimitExceededException"):
        kms.create_key()


# Deletion.


def test_a_key_is_deleted_after_its_time(cloud: Cloud, kms: Any, key: str, refused: Refused) -> None:
    cloud.clock.freeze()
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}])
    kms.create_grant(KeyId=key, GranteePrincipal="111111111111", Operations=["Decrypt"])
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (arn, "PendingDeletion", 7)
    assert round((answer["DeletionDate"] - cloud.clock.now()).total_seconds()) == 7 * 86400
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["DeletionDate"] == answer["DeletionDate"]
    for call in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.enable_key(KeyId=key),
        lambda: kms.schedule_key_deletion(KeyId=key),
        lambda: kms.create_alias(AliasName="alias/more", TargetKeyId=key),
        lambda: kms.tag_resource(KeyId=key, Tags=[]),
        lambda: kms.update_key_description(KeyId=key, Description="x"),
    ):
        with refused("KMSInvalidStateException", f"{arn} is pending deletion."):
            call()
    cloud.clock.advance(days=6, hours=23)
    assert state(kms, key) == "PendingDeletion"
    cloud.clock.advance(hours=2)
    with refused("NotFoundException", f"Key '{arn}' does not exist"):
        kms.describe_key(KeyId=key)
    with refused("AccessDeniedException", "does not exist"):
        kms.decrypt(CiphertextBlob=blob)
    assert kms.list_aliases()["Aliases"] == []
    assert kms.list_keys()["Keys"] == []
    assert kms.list_retirable_grants(RetiringPrincipal="111111111111")["Grants"] == []


def test_a_deletion_is_cancelled(cloud: Cloud, kms: Any, key: str, refused: Refused) -> None:
    with refused("KMSInvalidStateException", "is not pending deletion."):
        kms.cancel_key_deletion(KeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    assert kms.cancel_key_deletion(KeyId=key)["KeyId"].endswith(key)
    assert state(kms, key) == "Disabled"
    cloud.clock.advance(days=31)
    kms.enable_key(KeyId=key)
    assert state(kms, key) == "Enabled"


@pytest.mark.parametrize("days", [6, 31])
def test_the_time_until_deletion_has_bounds(kms: Any, key: str, refused: Refused, days: int) -> None:
    with refused("ValidationException"):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)
    assert state(kms, key) == "Enabled"


# Custom key stores.


def test_custom_key_stores_are_kept_and_not_connected(kms: Any, refused: Refused) -> None:
    store = kms.create_custom_key_store(
        CustomKeyStoreName="hsm",
        CloudHsmClusterId="cluster-2a34b5cdefg",
        TrustAnchorCertificate="certificate",
        KeyStorePassword="password",
    )["CustomKeyStoreId"]
    (shown,) = kms.describe_custom_key_stores(CustomKeyStoreName="hsm")["CustomKeyStores"]
    assert (shown["ConnectionState"], shown["CloudHsmClusterId"]) == ("DISCONNECTED", "cluster-2a34b5cdefg")
    with refused("NotImplemented", "ConnectCustomKeyStore"):
        kms.connect_custom_key_store(CustomKeyStoreId=store)
    for call in (
        lambda: kms.disconnect_custom_key_store(CustomKeyStoreId=store),
        lambda: kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=store),
        lambda: kms.generate_random(NumberOfBytes=8, CustomKeyStoreId=store),
    ):
        with refused("CustomKeyStoreInvalidStateException"):
            call()
    kms.update_custom_key_store(CustomKeyStoreId=store, NewCustomKeyStoreName="renamed")
    assert kms.describe_custom_key_stores()["CustomKeyStores"][0]["CustomKeyStoreName"] == "renamed"
    kms.delete_custom_key_store(CustomKeyStoreId=store)
    with refused("CustomKeyStoreNotFoundException"):
        kms.describe_custom_key_stores(CustomKeyStoreId=store)
    with refused("CustomKeyStoreNotFoundException"):
        kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)


def test_external_key_stores(kms: Any, refused: Refused) -> None:
    given = {
        "CustomKeyStoreName": "xks",
        "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
        "XksProxyConnectivity": "PUBLIC_ENDPOINT",
        "XksProxyUriEndpoint": "https://keys.example.com",
        "XksProxyUriPath": "/kms/xks/v1",
    }
    with refused("ValidationException", "XksProxyAuthenticationCredential is required"):
        kms.create_custom_key_store(**given)
    credential = {"AccessKeyId": "ABCDEFGHIJKLMNOPQRST", "RawSecretAccessKey": "x" * 43}
    given |= {"XksProxyAuthenticationCredential": credential}
    store = kms.create_custom_key_store(**given)["CustomKeyStoreId"]
    with refused("CustomKeyStoreNameInUseException"):
        kms.create_custom_key_store(**given)
    kms.update_custom_key_store(CustomKeyStoreId=store, XksProxyUriPath="/other/kms/xks/v1")
    (shown,) = kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"]
    assert shown["XksProxyConfiguration"] == {
        "Connectivity": "PUBLIC_ENDPOINT",
        "AccessKeyId": "ABCDEFGHIJKLMNOPQRST",
        "UriEndpoint": "https://keys.example.com",
        "UriPath": "/other/kms/xks/v1",
    }
    assert "x" * 43 not in str(shown)
