"""Rotation on the calendar and on demand; multi-Region keys; import of key material."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hodei.testing import Cloud

from .test_recorded import pkcs8, wrap

pytestmark = pytest.mark.feature("kms.keys")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
THERE, FAR = "eu-west-1", "ap-southeast-1"
DAY = timedelta(days=1)
NEVER = "KEY_MATERIAL_DOES_NOT_EXPIRE"


def metadata(kms: Any, key: str) -> dict[str, Any]:
    return dict(kms.describe_key(KeyId=key)["KeyMetadata"])


def rotations(kms: Any, key: str, **more: Any) -> list[dict[str, Any]]:
    return list(kms.list_key_rotations(KeyId=key, **more)["Rotations"])


def encrypted(kms: Any, key: str) -> bytes:
    return bytes(kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"])


def test_on_the_calendar(cloud: Cloud, kms: Any, key: str) -> None:
    cloud.clock.freeze()
    start = cloud.clock.now()
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    blobs = []
    for _ in range(4):
        blobs.append((metadata(kms, key)["CurrentKeyMaterialId"], encrypted(kms, key)))
        cloud.clock.advance(days=90, seconds=1)
    assert len({id for id, _ in blobs}) == 4
    for id, blob in blobs:
        opened = kms.decrypt(CiphertextBlob=blob)
        assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"secret", id)
    listed = rotations(kms, key)
    assert [one["RotationType"] for one in listed] == ["AUTOMATIC"] * 4
    assert [round((one["RotationDate"] - start) / DAY) for one in listed] == [90, 180, 270, 360]
    assert [one["KeyMaterialState"] for one in listed] == ["NON_CURRENT"] * 3 + ["CURRENT"]
    everything = rotations(kms, key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    assert [one["KeyMaterialId"] for one in everything][:4] == [id for id, _ in blobs]
    assert "RotationType" not in everything[0]
    pages = kms.get_paginator("list_key_rotations").paginate(KeyId=key, PaginationConfig={"PageSize": 3})
    assert [len(page["Rotations"]) for page in pages] == [3, 1]
    kms.disable_key_rotation(KeyId=key)
    cloud.clock.advance(days=400)
    assert len(rotations(kms, key)) == 4


def test_a_disabled_key_is_rotated_when_it_is_enabled_again(cloud: Cloud, kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    kms.disable_key(KeyId=key)
    cloud.clock.advance(days=100)
    assert rotations(kms, key) == []
    kms.enable_key(KeyId=key)
    assert len(rotations(kms, key)) == 1
    cloud.clock.advance(days=91)
    assert len(rotations(kms, key)) == 2


def test_rotation_stops_while_deletion_is_pending(cloud: Cloud, kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.cancel_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


@pytest.mark.parametrize("days", [89, 2561])
def test_periods_have_bounds(cloud: Cloud, key: str, refused: Refused, days: int) -> None:
    kms = cloud.client("kms", config=Config(parameter_validation=False))
    with refused("ValidationException", "rotationPeriodInDays"):
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=days)


def test_keys_that_do_not_rotate(kms: Any, make: Make, refused: Refused) -> None:
    for spec, usage in (("RSA_2048", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")):
        key = make(spec, usage)["KeyId"]
        for call in (
            kms.enable_key_rotation,
            kms.get_key_rotation_status,
            kms.rotate_key_on_demand,
            kms.list_key_rotations,
            kms.disable_key_rotation,
        ):
            with refused("UnsupportedOperationException"):
                call(KeyId=key)


# Multi-Region keys.


def test_one_key_in_two_regions(cloud: Cloud, kms: Any, make: Make, refused: Refused) -> None:
    made = make(MultiRegion=True, Description="first")
    key, there = made["KeyId"], cloud.client("kms", region_name=THERE)
    assert key.startswith("mrk-")
    assert made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    before = encrypted(kms, key)
    kms.replicate_key(KeyId=key, ReplicaRegion=THERE, Description="second", Tags=[{"TagKey": "a", "TagValue": "1"}])
    assert there.decrypt(CiphertextBlob=before)["Plaintext"] == b"secret"
    assert kms.decrypt(CiphertextBlob=encrypted(there, key), KeyId=key)["Plaintext"] == b"secret"
    assert metadata(there, key)["Description"] == "second"
    assert there.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    kms.rotate_key_on_demand(KeyId=key)
    assert metadata(there, key)["CurrentKeyMaterialId"] == metadata(kms, key)["CurrentKeyMaterialId"]
    assert there.decrypt(CiphertextBlob=encrypted(kms, key))["Plaintext"] == b"secret"
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    assert there.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 100
    for call in (there.rotate_key_on_demand, there.enable_key_rotation):
        with refused("UnsupportedOperationException", "is not a multi-region primary key."):
            call(KeyId=key)
    kms.disable_key(KeyId=key)  # states are each Region's own
    assert metadata(there, key)["KeyState"] == "Enabled"


def test_what_cannot_be_replicated(cloud: Cloud, kms: Any, make: Make, key: str, refused: Refused) -> None:
    multi = make(MultiRegion=True)["KeyId"]
    with refused("UnsupportedOperationException", "is not a multi-region primary key."):
        kms.replicate_key(KeyId=key, ReplicaRegion=THERE)
    with refused("AlreadyExistsException"):
        kms.replicate_key(KeyId=multi, ReplicaRegion="us-east-1")
    kms.replicate_key(KeyId=multi, ReplicaRegion=THERE)
    with refused("AlreadyExistsException"):
        kms.replicate_key(KeyId=multi, ReplicaRegion=THERE)
    with refused("UnsupportedOperationException"):
        kms.replicate_key(KeyId=multi, ReplicaRegion="cn-north-1")


def test_another_region_becomes_the_primary(cloud: Cloud, kms: Any, make: Make, refused: Refused) -> None:
    key, there = make(MultiRegion=True)["KeyId"], cloud.client("kms", region_name=THERE)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    with refused("NotFoundException"):
        kms.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    kms.replicate_key(KeyId=key, ReplicaRegion=THERE)
    kms.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    for client in (kms, there):
        config = metadata(client, key)["MultiRegionConfiguration"]
        assert config["PrimaryKey"]["Region"] == THERE
        assert [replica["Region"] for replica in config["ReplicaKeys"]] == ["us-east-1"]
    with refused("UnsupportedOperationException"):
        kms.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    there.replicate_key(KeyId=key, ReplicaRegion=FAR)
    cloud.clock.advance(days=91)  # rotation has gone along
    ids = {metadata(cloud.client("kms", region_name=region), key)["CurrentKeyMaterialId"] for region in (THERE, FAR)}
    assert ids == {metadata(kms, key)["CurrentKeyMaterialId"]}
    assert [one["RotationType"] for one in rotations(there, key)] == ["AUTOMATIC"]


def test_a_primary_goes_after_its_replicas(cloud: Cloud, kms: Any, make: Make, refused: Refused) -> None:
    cloud.clock.freeze()
    key, there = make(MultiRegion=True)["KeyId"], cloud.client("kms", region_name=THERE)
    kms.replicate_key(KeyId=key, ReplicaRegion=THERE)
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=10)
    assert answer["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in answer
    assert metadata(kms, key)["PendingDeletionWindowInDays"] == 10
    with refused("KMSInvalidStateException", "is pending replica deletion."):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    cloud.clock.advance(days=20)
    there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    cloud.clock.advance(days=7, seconds=1)
    with refused("NotFoundException"):
        there.describe_key(KeyId=key)
    assert metadata(kms, key)["KeyState"] == "PendingDeletion"
    assert metadata(kms, key)["MultiRegionConfiguration"]["ReplicaKeys"] == []
    cloud.clock.advance(days=10)
    with refused("NotFoundException"):
        kms.describe_key(KeyId=key)


# Import.


class Importer:
    """Key material on its way into a key."""

    def __init__(self, kms: Any) -> None:
        self.kms = kms

    def parameters(self, key: str, algorithm: str = "RSAES_OAEP_SHA_256", spec: str = "RSA_2048") -> dict[str, Any]:
        given = self.kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
        return dict(given)

    def __call__(
        self, key: str, material: bytes, algorithm: str = "RSAES_OAEP_SHA_256", spec: str = "RSA_2048", **more: Any
    ) -> dict[str, Any]:
        given = self.parameters(key, algorithm, spec)
        wrapped = wrap(given["PublicKey"], algorithm, material)
        return self.send(key, given["ImportToken"], wrapped, **more)

    def send(self, key: str, token: bytes, wrapped: bytes, **more: Any) -> dict[str, Any]:
        if "ValidTo" not in more:
            more = {"ExpirationModel": NEVER, **more}
        answer = self.kms.import_key_material(KeyId=key, ImportToken=token, EncryptedKeyMaterial=wrapped, **more)
        return dict(answer)


@pytest.fixture
def bring(kms: Any) -> Importer:
    return Importer(kms)


@pytest.fixture
def external(make: Make) -> str:
    return str(make(Origin="EXTERNAL")["KeyId"])


SECRET, OTHER = bytes(range(32)), b"o" * 32


@pytest.mark.parametrize(
    "algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
)
def test_every_way_to_wrap(kms: Any, bring: Importer, external: str, algorithm: str) -> None:
    answer = bring(external, SECRET, algorithm)
    described = metadata(kms, external)
    assert answer["KeyId"] == described["Arn"]
    assert answer["KeyMaterialId"] == described["CurrentKeyMaterialId"]
    assert (described["KeyState"], described["ExpirationModel"]) == ("Enabled", NEVER)
    assert kms.decrypt(CiphertextBlob=encrypted(kms, external))["Plaintext"] == b"secret"


def test_material_expires_and_comes_back(
    cloud: Cloud, kms: Any, bring: Importer, external: str, refused: Refused
) -> None:
    cloud.clock.freeze()
    until = cloud.clock.now() + timedelta(days=2)
    bring(external, SECRET, ValidTo=until)
    described = metadata(kms, external)
    assert described["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert abs(described["ValidTo"] - until) < timedelta(seconds=1)
    blob = encrypted(kms, external)
    cloud.clock.advance(days=2, seconds=1)
    assert metadata(kms, external)["KeyState"] == "PendingImport"
    with refused("KMSInvalidStateException", "is pending import."):
        kms.decrypt(CiphertextBlob=blob)
    with refused("IncorrectKeyMaterialException"):
        bring(external, OTHER)
    bring(external, SECRET)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"
    cloud.clock.advance(days=400)
    assert metadata(kms, external)["KeyState"] == "Enabled"


def test_when_material_may_expire(cloud: Cloud, bring: Importer, external: str, refused: Refused) -> None:
    now = cloud.clock.now()
    for more in (
        {"ExpirationModel": "KEY_MATERIAL_EXPIRES"},
        {"ExpirationModel": NEVER, "ValidTo": now + timedelta(days=1)},
        {"ValidTo": now - timedelta(days=1)},
        {"ValidTo": now + timedelta(days=366)},
    ):
        with refused("ValidationException"):
            bring(external, SECRET, **more)


def test_a_token_is_for_one_key_and_one_day(
    cloud: Cloud, kms: Any, make: Make, bring: Importer, external: str, refused: Refused
) -> None:
    cloud.clock.freeze()
    given = bring.parameters(external)
    assert round((given["ParametersValidTo"] - cloud.clock.now()).total_seconds()) == 86400
    wrapped = wrap(given["PublicKey"], "RSAES_OAEP_SHA_256", SECRET)
    with refused("InvalidImportTokenException"):
        bring.send(make(Origin="EXTERNAL")["KeyId"], given["ImportToken"], wrapped)
    with refused("InvalidImportTokenException"):
        bring.send(external, b"made up", wrapped)
    other = bring.parameters(external)["ImportToken"]
    with refused("InvalidCiphertextException"):
        bring.send(external, other, wrapped)
    cloud.clock.advance(days=1)
    with refused("ExpiredImportTokenException"):
        bring.send(external, given["ImportToken"], wrapped)


def test_material_has_to_fit(make: Make, bring: Importer, external: str, refused: Refused) -> None:
    wrapping = "RSA_AES_KEY_WRAP_SHA_256"
    p256, p384 = (pkcs8(ec.generate_private_key(curve())) for curve in (ec.SECP256R1, ec.SECP384R1))
    small = pkcs8(rsa.generate_private_key(65537, 2048))
    for key, material in (
        (external, b"x" * 16),
        (make("HMAC_384", "GENERATE_VERIFY_MAC", Origin="EXTERNAL")["KeyId"], b"x" * 32),
        (make("ECC_NIST_P256", "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"], p384),
        (make("RSA_3072", "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"], small),
        (make("RSA_2048", "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"], p256),
    ):
        with refused("IncorrectKeyMaterialException"):
            bring(key, material, wrapping)


def test_only_keys_made_for_it_take_imports(
    kms: Any, key: str, bring: Importer, external: str, refused: Refused
) -> None:
    for call in (lambda: bring.parameters(key), lambda: kms.delete_imported_key_material(KeyId=key)):
        with refused("UnsupportedOperationException", "origin is AWS_KMS which is not valid for this operation."):
            call()
    with refused("UnsupportedOperationException", "RSAES_PKCS1_V1_5"):
        bring.parameters(external, "RSAES_PKCS1_V1_5")
    with refused("NotImplemented"):
        bring.parameters(external, "SM2PKE", "SM2")
    with refused("KMSInvalidStateException", "is pending import."):
        kms.encrypt(KeyId=external, Plaintext=b"x")
    kms.schedule_key_deletion(KeyId=external)
    with refused("KMSInvalidStateException", "is pending deletion."):
        bring.parameters(external)
    kms.cancel_key_deletion(KeyId=external)
    assert metadata(kms, external)["KeyState"] == "PendingImport"


def test_several_materials_and_their_rotation(kms: Any, bring: Importer, external: str, refused: Refused) -> None:
    first = bring(external, SECRET, KeyMaterialDescription="the first")["KeyMaterialId"]
    old = encrypted(kms, external)
    with refused("IncorrectKeyMaterialException"):
        bring(external, OTHER)  # EXISTING_KEY_MATERIAL, from the second import on
    with refused("ValidationException"):
        bring(external, OTHER, ImportType="NEW_KEY_MATERIAL", KeyMaterialId=first)
    second = bring(external, OTHER, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    listed = rotations(kms, external, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    assert [(one["KeyMaterialId"], one["KeyMaterialState"]) for one in listed] == [
        (first, "CURRENT"),
        (second, "PENDING_ROTATION"),
    ]
    assert listed[0]["KeyMaterialDescription"] == "the first"
    with refused("KMSInvalidStateException"):
        bring(external, b"3" * 32, ImportType="NEW_KEY_MATERIAL")
    kms.rotate_key_on_demand(KeyId=external)
    assert metadata(kms, external)["CurrentKeyMaterialId"] == second
    assert kms.decrypt(CiphertextBlob=old)["KeyMaterialId"] == first
    deleted = kms.delete_imported_key_material(KeyId=external, KeyMaterialId=first)
    assert deleted["KeyMaterialId"] == first
    assert metadata(kms, external)["KeyState"] == "PendingImport"
    states = [one["ImportState"] for one in rotations(kms, external, IncludeKeyMaterial="ALL_KEY_MATERIAL")]
    assert states == ["PENDING_IMPORT", "IMPORTED"]
    with refused("IncorrectKeyMaterialException"):
        bring(external, SECRET, KeyMaterialId=second)
    bring(external, SECRET, KeyMaterialId=first)
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"secret"


def test_material_that_waits_is_deleted_without_harm(
    kms: Any, bring: Importer, external: str, refused: Refused
) -> None:
    bring(external, SECRET)
    second = bring(external, OTHER, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    kms.delete_imported_key_material(KeyId=external, KeyMaterialId=second)
    assert metadata(kms, external)["KeyState"] == "Enabled"
    assert len(rotations(kms, external, IncludeKeyMaterial="ALL_KEY_MATERIAL")) == 1
    with refused("NotFoundException"):
        kms.delete_imported_key_material(KeyId=external, KeyMaterialId=second)


def test_imports_into_all_regions(cloud: Cloud, kms: Any, make: Make, bring: Importer, refused: Refused) -> None:
    key, there = make(Origin="EXTERNAL", MultiRegion=True)["KeyId"], cloud.client("kms", region_name=THERE)
    far = Importer(there)
    bring(key, SECRET)
    kms.replicate_key(KeyId=key, ReplicaRegion=THERE)
    assert metadata(there, key)["KeyState"] == "PendingImport"
    with refused("IncorrectKeyMaterialException"):
        far(key, OTHER)
    far(key, SECRET)
    assert there.decrypt(CiphertextBlob=encrypted(kms, key))["Plaintext"] == b"secret"
    bring(key, OTHER, ImportType="NEW_KEY_MATERIAL")
    pending = rotations(kms, key, IncludeKeyMaterial="ALL_KEY_MATERIAL")[1]
    assert pending["KeyMaterialState"] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    with refused("KMSInvalidStateException", "No available key material pending rotation"):
        kms.rotate_key_on_demand(KeyId=key)
    far(key, OTHER, ImportType="EXISTING_KEY_MATERIAL")
    assert rotations(kms, key, IncludeKeyMaterial="ALL_KEY_MATERIAL")[1]["KeyMaterialState"] == "PENDING_ROTATION"
    kms.rotate_key_on_demand(KeyId=key)
    assert there.decrypt(CiphertextBlob=encrypted(kms, key))["Plaintext"] == b"secret"
    assert kms.decrypt(CiphertextBlob=encrypted(there, key))["KeyMaterialId"] == pending["KeyMaterialId"]


# What EventBridge is told.


def test_events(
    cloud: Cloud, kms: Any, key: str, bring: Importer, external: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, dict[str, Any], tuple[str, ...]]] = []
    monkeypatch.setattr(cloud.world.bus, "emit", lambda ctx, *event: told.append(event))
    arn, before = metadata(kms, key)["Arn"], metadata(kms, key)["CurrentKeyMaterialId"]
    kms.rotate_key_on_demand(KeyId=key)
    rotated = {
        "key-id": key,
        "key-origin": "AWS_KMS",
        "rotation-type": "ON_DEMAND",
        "previous-key-material-id": before,
        "current-key-material-id": metadata(kms, key)["CurrentKeyMaterialId"],
    }
    assert told == [("KMS CMK Rotation", rotated, (arn,))]
    bring(external, SECRET, ValidTo=cloud.clock.now() + DAY)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    cloud.clock.advance(days=8)
    assert [(kind, detail) for kind, detail, _ in told[1:]] == [
        ("KMS Imported Key Material Expiration", {"key-id": external}),
        ("KMS CMK Deletion", {"key-id": key}),
    ]
