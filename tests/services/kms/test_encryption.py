"""Encrypt, Decrypt, ReEncrypt, and data keys: the ciphertext is real, and only what encrypted it opens it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("kms.keys")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
CONTEXT = {"purpose": "test", "tenant": "7"}
OAEP = {"RSAES_OAEP_SHA_1": hashes.SHA1, "RSAES_OAEP_SHA_256": hashes.SHA256}


def oaep(algorithm: str) -> padding.OAEP:
    digest = OAEP[algorithm]()
    return padding.OAEP(padding.MGF1(digest), digest, None)


@pytest.fixture
def blob(kms: Any, key: str) -> bytes:
    return bytes(kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"])


def test_the_blob_names_its_key_and_hides_the_rest(kms: Any, key: str, blob: bytes) -> None:
    assert b"secret" not in blob
    again = kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]
    assert again != blob
    answer = kms.decrypt(CiphertextBlob=blob, EncryptionContext=dict(reversed(CONTEXT.items())))
    assert answer["Plaintext"] == b"secret"
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert answer["KeyId"] == described["Arn"]
    assert answer["KeyMaterialId"] == described["CurrentKeyMaterialId"]


@pytest.mark.parametrize(
    "context",
    [{}, {"purpose": "test"}, CONTEXT | {"more": ""}, {"Purpose": "test", "tenant": "7"}, {"pur": "posetest"}],
)
def test_another_context_does_not_open_it(kms: Any, blob: bytes, refused: Refused, context: dict[str, str]) -> None:
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)


def test_names_and_values_of_a_context_do_not_run_together(kms: Any, key: str, refused: Refused) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"ab": "c"})["CiphertextBlob"]
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "bc"})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_bit_is_always_seen(kms: Any, key: str, blob: bytes, data: st.DataObject) -> None:
    spoiled = bytearray(blob)
    at = data.draw(st.integers(0, len(blob) * 8 - 1))
    spoiled[at // 8] ^= 1 << at % 8
    with pytest.raises(kms.exceptions.ClientError) as caught:
        kms.decrypt(CiphertextBlob=bytes(spoiled), EncryptionContext=CONTEXT)
    assert caught.value.response["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(min_size=1, max_size=300))
def test_what_is_no_ciphertext_is_refused(kms: Any, key: str, raw: bytes) -> None:
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=raw)
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=raw, KeyId=key)


@pytest.mark.parametrize("size", [1, 4096])
def test_plaintexts_of_every_allowed_size(kms: Any, key: str, size: int) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"\0" * size)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, KeyId=key)["Plaintext"] == b"\0" * size


def test_only_the_key_that_encrypted(kms: Any, make: Make, blob: bytes, refused: Refused) -> None:
    with refused("IncorrectKeyException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, KeyId=make()["KeyId"])


def test_every_name_of_the_key(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    for name in (key, arn, "alias/mine", arn.replace(f"key/{key}", "alias/mine")):
        blob = kms.encrypt(KeyId=name, Plaintext=b"x")["CiphertextBlob"]
        assert kms.decrypt(KeyId=name, CiphertextBlob=blob)["KeyId"] == arn


def test_in_another_region_the_key_is_not_there(cloud: Cloud, blob: bytes, refused: Refused) -> None:
    there = cloud.client("kms", region_name="eu-west-1")
    with refused("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist"):
        there.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)


def test_a_key_of_another_account_by_its_policy(cloud: Cloud, kms: Any, refused: Refused) -> None:
    other = cloud.client("kms", account="111111111111")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["000000000000", "111111111111"]},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    blob = other.encrypt(KeyId=arn, Plaintext=b"shared")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"shared"
    answer = other.decrypt(CiphertextBlob=blob)
    assert (answer["Plaintext"], answer["KeyId"]) == (b"shared", arn)
    with refused("AccessDeniedException"):
        other.disable_key(KeyId=arn)  # no use across accounts
    closed = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("AccessDeniedException", "no resource-based policy allows the kms:Encrypt action"):
        other.encrypt(KeyId=closed, Plaintext=b"x")


@pytest.mark.parametrize("algorithm", list(OAEP))
def test_rsa_as_a_client_does_it(kms: Any, make: Make, algorithm: str) -> None:
    key = make("RSA_2048")["KeyId"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(public, rsa.RSAPublicKey)
    outside = public.encrypt(b"from outside", oaep(algorithm))
    call = {"KeyId": key, "EncryptionAlgorithm": algorithm}
    answer = kms.decrypt(CiphertextBlob=outside, **call)
    assert answer["Plaintext"] == b"from outside"
    assert "KeyMaterialId" not in answer
    inside = kms.encrypt(Plaintext=b"x" * (190 if algorithm.endswith("256") else 214), **call)["CiphertextBlob"]
    assert len(inside) == 256
    assert len(kms.decrypt(CiphertextBlob=inside, **call)["Plaintext"]) in (190, 214)


def test_what_does_not_go_with_rsa(kms: Any, make: Make, key: str, refused: Refused) -> None:
    pair = make("RSA_2048")["KeyId"]
    call = {"KeyId": pair, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    with refused("InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."):
        kms.encrypt(KeyId=pair, Plaintext=b"x")
    with refused("InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec"):
        kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_1")
    with refused("ValidationException"):
        kms.encrypt(Plaintext=b"x", EncryptionContext=CONTEXT, **call)
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=b"x" * 256, **call)
    with refused("ValidationException", "KeyId"):
        kms.decrypt(CiphertextBlob=b"x" * 256, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("InvalidKeyUsageException"):
        kms.generate_data_key(KeyId=pair, KeySpec="AES_256")


def test_a_key_for_something_else(kms: Any, make: Make, refused: Refused) -> None:
    made = make("RSA_2048", "SIGN_VERIFY")
    message = f"{made['Arn']} key usage is SIGN_VERIFY which is not valid for Encrypt."
    with refused("InvalidKeyUsageException", message):
        kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")


def test_re_encrypt_between_kinds_of_keys(kms: Any, make: Make, key: str, blob: bytes) -> None:
    pair = make("RSA_2048")["KeyId"]
    across = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=pair,
        DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256",
    )
    assert across["SourceEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert "SourceKeyMaterialId" in across and "DestinationKeyMaterialId" not in across
    back = kms.re_encrypt(
        CiphertextBlob=across["CiphertextBlob"],
        SourceKeyId=pair,
        SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
        DestinationKeyId=key,
        DestinationEncryptionContext={"new": "context"},
    )
    call = {"CiphertextBlob": back["CiphertextBlob"], "EncryptionContext": {"new": "context"}}
    assert kms.decrypt(**call)["Plaintext"] == b"secret"


@pytest.mark.parametrize(
    ("spec", "size"), [({"KeySpec": "AES_128"}, 16), ({"KeySpec": "AES_256"}, 32), ({"NumberOfBytes": 1024}, 1024)]
)
def test_data_keys(kms: Any, key: str, spec: dict[str, Any], size: int) -> None:
    made = kms.generate_data_key(KeyId=key, EncryptionContext=CONTEXT, **spec)
    assert len(made["Plaintext"]) == size
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == made["Plaintext"]
    assert opened["KeyMaterialId"] == made["KeyMaterialId"]
    hidden = kms.generate_data_key_without_plaintext(KeyId=key, **spec)
    assert "Plaintext" not in hidden
    assert len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == size


@pytest.mark.parametrize("spec", [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}])
def test_a_data_key_has_one_size(kms: Any, key: str, refused: Refused, spec: dict[str, Any]) -> None:
    with refused("ValidationException", "Please specify either number of bytes or key spec."):
        kms.generate_data_key(KeyId=key, **spec)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("RSA_2048", rsa.RSAPrivateKey),
        ("ECC_NIST_P256", ec.EllipticCurvePrivateKey),
        ("ECC_NIST_P384", ec.EllipticCurvePrivateKey),
        ("ECC_NIST_P521", ec.EllipticCurvePrivateKey),
        ("ECC_SECG_P256K1", ec.EllipticCurvePrivateKey),
        ("ECC_NIST_EDWARDS25519", ed25519.Ed25519PrivateKey),
    ],
)
def test_data_key_pairs(kms: Any, key: str, spec: str, kind: type) -> None:
    made = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext=CONTEXT)
    private = serialization.load_der_private_key(made["PrivateKeyPlaintext"], None)
    assert isinstance(private, kind)
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    assert private.public_key().public_bytes(*form) == made["PublicKey"]
    blob = made["PrivateKeyCiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == made["PrivateKeyPlaintext"]
    assert "PrivateKeyPlaintext" not in kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec=spec)


def test_random_bytes_differ(kms: Any) -> None:
    assert kms.generate_random(NumberOfBytes=64)["Plaintext"] != kms.generate_random(NumberOfBytes=64)["Plaintext"]


def test_a_dry_run_says_what_would_have_been(kms: Any, key: str, blob: bytes, refused: Refused) -> None:
    calls: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob, "EncryptionContext": CONTEXT}),
        (kms.decrypt, {"KeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
        (kms.re_encrypt, {"CiphertextBlob": blob, "SourceEncryptionContext": CONTEXT, "DestinationKeyId": key}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
        (kms.generate_data_key_without_plaintext, {"KeyId": key, "KeySpec": "AES_256"}),
    ]
    for call, params in calls:
        with refused("DryRunOperationException"):
            call(DryRun=True, **params)
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=blob, DryRun=True)
    with refused("ValidationException"):
        kms.decrypt(KeyId=key)
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)


def test_attestation_is_refused(kms: Any, key: str, refused: Refused) -> None:
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
    with refused("NotImplemented", "Recipient"):
        kms.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=recipient)
