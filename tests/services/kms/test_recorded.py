"""What real AWS answered: our answers have the same members, values, codes and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from hodei.testing import Cloud
from recorded import Comparison, load, plain

RECORDED = load("kms")

pytestmark = [
    pytest.mark.skipif(not RECORDED, reason="no recorded answers here"),
    pytest.mark.feature("kms.keys"),
]

# What AWS has added to answers since they were recorded, and the enums that have grown.
ADDED = frozenset({"KeyMaterialId", "SourceKeyMaterialId", "DestinationKeyMaterialId"})
FREE = r"<[^>]+>|(?<=enum value set: )\[.*\]"
# What the recording put in place of values that change from run to run, without angle brackets.
ANYTHING = {"datetime", "ciphertext-blob", "plaintext", "shared-secret", "private-key-ciphertext-blob", "public-key"}
ANYTHING |= {"private-key-plaintext"}
AWS = Comparison(free=FREE, anything=frozenset(ANYTHING), added=ADDED)
ACCOUNT, REGION, OTHER_REGION = "111111111111", "us-east-1", "ap-southeast-1"
SYMMETRIC = "SYMMETRIC_DEFAULT"

Answers = dict[str, Any]


@dataclass
class Replay:
    """What a scenario works with. `variant` is what stood in brackets behind the test's name."""

    cloud: Cloud
    variant: str
    kms: Any = field(init=False)

    def __post_init__(self) -> None:
        self.kms = self.client(REGION)

    def client(self, region: str) -> Any:
        return self.cloud.client("kms", account=ACCOUNT, region_name=region)

    def key(self, description: str = "", spec: str = SYMMETRIC, usage: str = "ENCRYPT_DECRYPT", **more: Any) -> Answers:
        made = self.kms.create_key(Description=description, KeySpec=spec, KeyUsage=usage, **more)
        return dict(made["KeyMetadata"])

    def error(self, call: Callable[..., Any], **params: Any) -> Answers:
        with pytest.raises(ClientError) as caught:
            call(**params)
        return dict(caught.value.response)

    def imported(self, key: str, material: bytes, algorithm: str = "RSAES_OAEP_SHA_256", **more: Any) -> Answers:
        given = self.kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_4096")
        wrapped = wrap(given["PublicKey"], algorithm, material)
        more = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", **more}
        answer = self.kms.import_key_material(
            KeyId=key, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped, **more
        )
        return dict(answer)


def wrap(public: bytes, algorithm: str, material: bytes) -> bytes:
    """Key material as a client wraps it."""
    key = serialization.load_der_public_key(public)
    assert isinstance(key, rsa.RSAPublicKey)
    digest = hashes.SHA1() if algorithm.endswith("_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if not algorithm.startswith("RSA_AES"):
        return key.encrypt(material, oaep)
    ephemeral = bytes(range(32))
    return key.encrypt(ephemeral, oaep) + aes_key_wrap_with_padding(ephemeral, material)


def pkcs8(key: Any) -> bytes:
    encryption = serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, encryption))


Scenario = Callable[[Replay], Answers]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[f"test_{function.__name__}"] = function
    return function


def recorded() -> Iterator[Any]:
    for id, test in RECORDED.items():
        name, _, variant = id.rpartition("::")[2].partition("[")
        if name in SCENARIOS and test["content"]:
            yield pytest.param(name, variant.rstrip("]"), test["content"], id=id.rpartition("::")[2])


# Keys and aliases.


@scenario
def create_alias(r: Replay) -> Answers:
    return {"create_alias": r.error(r.kms.create_alias, AliasName="name", TargetKeyId=r.key()["KeyId"])}


@scenario
def create_key(r: Replay) -> Answers:
    return {"describe-key": r.kms.describe_key(KeyId=r.key("test key 123")["KeyId"])["KeyMetadata"]}


@scenario
def create_key_with_invalid_tag_key(r: Replay) -> Answers:
    tag = "a" * 129 if r.variant == "too_long_key" else "AWS:tag"
    return {"invalid-tag-key": r.error(r.kms.create_key, Tags=[{"TagKey": tag, "TagValue": "value"}])}


@scenario
def create_key_with_too_many_tags_raises_error(r: Replay) -> Answers:
    tags = [{"TagKey": f"key{number}", "TagValue": "value"} for number in range(51)]
    return {"invalid-tag-key": r.error(r.kms.create_key, Tags=tags)}


@scenario
def tag_existing_key_with_invalid_tag_key(r: Replay) -> Answers:
    tags = [{"TagKey": "aws:tag", "TagValue": "value"}]
    return {"invalid-tag-key": r.error(r.kms.tag_resource, KeyId=r.key()["KeyId"], Tags=tags)}


@scenario
def get_key_does_not_exist(r: Replay) -> Answers:
    id = "134f2428-cec1-4b25-a1ae-9048164dba47"
    multi = "mrk-e4b2ba1b2d9e4f2d9c5f0e0f3c7a9b11"
    return {
        "describe-nonexistent-key-with-id": r.error(r.kms.describe_key, KeyId=id),
        "describe-nonexistent-with-arn": r.error(r.kms.describe_key, KeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}"),
        "describe-key-with-valid-id-mrk": r.error(r.kms.describe_key, KeyId=multi),
    }


@scenario
def get_key_in_different_region(r: Replay) -> Answers:
    there = r.client("us-west-2")
    key = there.create_key(Description="test key 123")["KeyMetadata"]
    return {
        "describe-key-diff-region-with-id": r.error(r.kms.describe_key, KeyId=key["KeyId"]),
        "describe-key-diff-region-with-arn": r.error(r.kms.describe_key, KeyId=key["Arn"]),
        "describe-key-same-specific-region-with-id": there.describe_key(KeyId=key["KeyId"]),
        "describe-key-same-specific-region-with-arn": there.describe_key(KeyId=key["Arn"]),
    }


@scenario
def get_key_invalid_uuid(r: Replay) -> Answers:
    names = {"": "fake-key-id", "-2": "134f2428cec14b25a1ae9048164dba47", "-mrk": "mrk-fake-key-id"}
    return {
        f"describe-key-with-invalid-uuid{suffix}": r.error(r.kms.describe_key, KeyId=name)
        for suffix, name in names.items()
    }


@scenario
def hmac_create_key_invalid_operations(r: Replay) -> Answers:
    def refused(**given: str) -> Answers:
        return r.error(r.kms.create_key, **given)

    return {
        "create-hmac-key-without-key-usage": refused(KeySpec="HMAC_256"),
        "create-hmac-key-invalid-spec": refused(KeySpec="HMAC_random", KeyUsage="GENERATE_VERIFY_MAC"),
        "create-hmac-key-invalid-key-usage": refused(KeySpec="HMAC_256", KeyUsage="RANDOM"),
    }


@scenario
def non_multi_region_keys_should_not_have_multi_region_properties(r: Replay) -> Answers:
    key = r.key("test non multi region key", MultiRegion=False)
    described = r.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    return {"non_multi_region_keys_should_not_have_multi_region_properties": described}


# Encryption.


@scenario
def encrypt_decrypt_encryption_context(r: Replay) -> Answers:
    key = r.key()["KeyId"]
    context = {"context-key": "context-value"}
    encrypted = r.kms.encrypt(KeyId=key, Plaintext=b"test", EncryptionContext=context)
    blob = encrypted["CiphertextBlob"]
    spoiled = blob[:-1] + bytes((blob[-1] ^ 1,))
    return {
        "encrypt_response": encrypted,
        "decrypt_response_with_encryption_context": r.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context),
        "decrypt_response_without_encryption_context": r.error(r.kms.decrypt, CiphertextBlob=blob),
        "decrypt_response_with_invalid_ciphertext": r.error(
            r.kms.decrypt, CiphertextBlob=spoiled, EncryptionContext=context
        ),
    }


@scenario
def encrypt_validate_plaintext_size_per_key_type(r: Replay) -> Answers:
    spec, algorithm = r.variant.split("-")
    key = r.key(spec=spec)["KeyId"]
    call = {"KeyId": key, "Plaintext": b"x" * 1024, "EncryptionAlgorithm": algorithm}
    return {"generate-random-exc": r.error(r.kms.encrypt, **call)}


@scenario
def plaintext_size_for_encrypt(r: Replay) -> Answers:
    call = {"KeyId": r.key()["KeyId"], "Plaintext": b"x" * 4097}
    return {"invalid-plaintext-size-encrypt": r.error(r.kms.encrypt, **call)}


@scenario
def re_encrypt(r: Replay) -> Answers:
    spec, algorithm = r.variant.split("-")
    source, target = r.key(spec=spec)["KeyId"], r.key(spec=spec)["KeyId"]
    blob = r.kms.encrypt(KeyId=source, Plaintext=b"test", EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    answer = r.kms.re_encrypt(
        SourceKeyId=source,
        DestinationKeyId=target,
        CiphertextBlob=blob,
        SourceEncryptionAlgorithm=algorithm,
        DestinationEncryptionAlgorithm=algorithm,
    )
    return {"test_re_encrypt": answer}


# Data keys and random bytes.


@scenario
def generate_random(r: Replay) -> Answers:
    return {"result_length": len(r.kms.generate_random(NumberOfBytes=int(r.variant))["Plaintext"])}


@scenario
def generate_random_invalid_number_of_bytes(r: Replay) -> Answers:
    given = {} if r.variant == "None" else {"NumberOfBytes": int(r.variant)}
    return {"generate-random-exc": r.error(unchecked(r).generate_random, **given)}


def unchecked(r: Replay) -> Any:
    """A client that sends what the model does not allow."""
    from botocore.config import Config

    config = Config(parameter_validation=False)
    return r.cloud.client("kms", account=ACCOUNT, region_name=REGION, config=config)


@scenario
def generate_data_key_pair(r: Replay) -> Answers:
    return {"generate-data-key-pair": r.kms.generate_data_key_pair(KeyId=r.key()["KeyId"], KeyPairSpec="RSA_2048")}


@scenario
def generate_data_key_pair_without_plaintext(r: Replay) -> Answers:
    call = {"KeyId": r.key()["KeyId"], "KeyPairSpec": "RSA_2048"}
    return {"generate-data-key-pair-without-plaintext": r.kms.generate_data_key_pair_without_plaintext(**call)}


@scenario
def generate_data_key_pair_dry_run(r: Replay) -> Answers:
    call = {"KeyId": r.key()["KeyId"], "KeyPairSpec": "RSA_2048", "DryRun": True}
    return {"dryrun_exception": r.error(r.kms.generate_data_key_pair, **call)}


@scenario
def generate_data_key_pair_without_plaintext_dry_run(r: Replay) -> Answers:
    call = {"KeyId": r.key()["KeyId"], "KeyPairSpec": "RSA_2048", "DryRun": True}
    return {"dryrun_exception": r.error(r.kms.generate_data_key_pair_without_plaintext, **call)}


@scenario
def generate_data_key_without_plaintext(r: Replay) -> Answers:
    call = {"KeyId": r.key()["KeyId"], "KeySpec": "AES_256"}
    return {"generate-data-key-without-plaintext": r.kms.generate_data_key_without_plaintext(**call)}


def without_context(r: Replay, operation: str, member: str, **given: str) -> Answers:
    call = {"KeyId": r.key()["KeyId"], "EncryptionContext": {"context-key": "context-value"}, **given}
    blob = getattr(r.kms, operation)(**call)[member]
    return {"decrypt-without-encryption-context": r.error(r.kms.decrypt, CiphertextBlob=blob)}


@scenario
def encryption_context_generate_data_key(r: Replay) -> Answers:
    return without_context(r, "generate_data_key", "CiphertextBlob", KeySpec="AES_256")


@scenario
def encryption_context_generate_data_key_without_plaintext(r: Replay) -> Answers:
    return without_context(r, "generate_data_key_without_plaintext", "CiphertextBlob", KeySpec="AES_256")


@scenario
def encryption_context_generate_data_key_pair(r: Replay) -> Answers:
    return without_context(r, "generate_data_key_pair", "PrivateKeyCiphertextBlob", KeyPairSpec="RSA_2048")


@scenario
def encryption_context_generate_data_key_pair_without_plaintext(r: Replay) -> Answers:
    operation = "generate_data_key_pair_without_plaintext"
    return without_context(r, operation, "PrivateKeyCiphertextBlob", KeyPairSpec="RSA_2048")


# Signatures, MACs, shared secrets.


@scenario
def sign_verify(r: Replay) -> Answers:
    spec, algorithm = r.variant.split("-")
    key = r.key(spec=spec, usage="SIGN_VERIFY")["KeyId"]
    call = {"KeyId": key, "SigningAlgorithm": algorithm}
    signed = r.kms.sign(Message=b"test message", **call)
    verify = {"Message": b"test message", "Signature": signed["Signature"], **call}
    return {
        "signature": signed,
        "verification": r.kms.verify(**verify),
        "bad-signature": r.error(r.kms.verify, **verify | {"Signature": b"bad"}),
        "bad-digest": r.error(r.kms.sign, Message=b"bad", MessageType="DIGEST", **call),
    }


@scenario
def generate_and_verify_mac(r: Replay) -> Answers:
    spec, algorithm = r.variant.split("-")
    key = r.key(spec=spec, usage="GENERATE_VERIFY_MAC")["KeyId"]
    call = {"MacAlgorithm": algorithm, "Message": b"some important message"}
    made = r.kms.generate_mac(KeyId=key, **call)
    verify = {"Mac": made["Mac"], **call}
    return {
        "generate-mac": made,
        "verify-mac": r.kms.verify_mac(KeyId=key, **verify),
        "generate-mac-invalid-key-id": r.error(r.kms.generate_mac, KeyId="key_id", **call),
        "verify-mac-invalid-key-id": r.error(r.kms.verify_mac, KeyId="key_id", **verify),
    }


@scenario
def invalid_generate_mac(r: Replay) -> Answers:
    spec, algorithm = r.variant.split("-")
    call = {"MacAlgorithm": algorithm, "Message": b"some important message"}
    key = r.key(spec=spec, usage="GENERATE_VERIFY_MAC")["KeyId"]
    return {"generate-mac": r.error(r.kms.generate_mac, KeyId=key, **call)}


@scenario
def invalid_verify_mac(r: Replay) -> Answers:
    spec, algorithm, message = r.variant.split("-")
    call = {"KeyId": r.key(spec=spec, usage="GENERATE_VERIFY_MAC")["KeyId"], "MacAlgorithm": algorithm}
    made = r.kms.generate_mac(Message=b"some important message", **call)
    return {
        "generate-mac": made,
        "verify-mac": r.error(r.kms.verify_mac, Message=message.encode(), Mac=made["Mac"], **call),
    }


@scenario
def derive_shared_secret_matches_openssl(r: Replay) -> Answers:
    key = r.key(spec="ECC_NIST_P256", usage="KEY_AGREEMENT")["KeyId"]
    own = ec.generate_private_key(ec.SECP256R1())
    public = own.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    derived = r.kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=public)
    theirs = serialization.load_der_public_key(r.kms.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(theirs, ec.EllipticCurvePublicKey)
    assert own.exchange(ec.ECDH(), theirs) == derived["SharedSecret"]
    return {"derived-shared-key-resp": derived}


# Import.


@scenario
def import_key_ecc_keys(r: Replay) -> Answers:
    key = r.key("test ecc key import", r.variant, "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"]
    answers = {"describe-key-before-import": r.kms.describe_key(KeyId=key)}
    r.imported(key, pkcs8(ec.generate_private_key(ec.SECP521R1())), "RSA_AES_KEY_WRAP_SHA_256")
    answers["describe-key-after-import"] = r.kms.describe_key(KeyId=key)
    call = {"KeyId": key, "Message": b"test", "SigningAlgorithm": "ECDSA_SHA_512"}
    answers["sign-result"] = r.kms.sign(**call)
    answers["verify-result"] = r.kms.verify(Signature=answers["sign-result"]["Signature"], **call)
    r.kms.delete_imported_key_material(KeyId=key)
    return answers | {"describe-key-after-deleted-import": r.kms.describe_key(KeyId=key)}


@scenario
def import_key_hmac_keys(r: Replay) -> Answers:
    bits = int(r.variant.partition("_")[2])
    key = r.key("test import hmac key", r.variant, "GENERATE_VERIFY_MAC", Origin="EXTERNAL")["KeyId"]
    answers = {"describe-key-before-import": r.kms.describe_key(KeyId=key)}
    r.imported(key, bytes(bits // 8))
    answers["describe-key-after-import"] = r.kms.describe_key(KeyId=key)
    call = {"KeyId": key, "Message": b"test", "MacAlgorithm": f"HMAC_SHA_{bits}"}
    answers["generate-mac-response"] = r.kms.generate_mac(**call)
    answers["verify-mac-response"] = r.kms.verify_mac(Mac=answers["generate-mac-response"]["Mac"], **call)
    r.kms.delete_imported_key_material(KeyId=key)
    return answers | {"describe-key-after-deleted-import": r.kms.describe_key(KeyId=key)}


@scenario
def import_key_rsa_aes_wrap_sha256(r: Replay) -> Answers:
    key = r.key("test-key", "RSA_4096", Origin="EXTERNAL")["KeyId"]
    before = r.kms.describe_key(KeyId=key)
    r.imported(key, pkcs8(rsa.generate_private_key(65537, 4096)), "RSA_AES_KEY_WRAP_SHA_256")
    after = r.kms.describe_key(KeyId=key)
    r.kms.delete_imported_key_material(KeyId=key)
    return {
        "describe-before-import": before,
        "import-key-material-response": after,
        "describe-key-after-deleted-import": r.kms.describe_key(KeyId=key),
    }


# Rotation.


@scenario
def key_enable_rotation_status(r: Replay) -> Answers:
    key = r.key()["KeyId"]
    r.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=int(r.variant))
    return {"match_response": r.kms.get_key_rotation_status(KeyId=key)}


@scenario
def key_rotation_updates_current_key_material_id_for_aws_symmetric_keys(r: Replay) -> Answers:
    key = r.key("test-key")["KeyId"]
    before = r.kms.describe_key(KeyId=key)
    r.kms.rotate_key_on_demand(KeyId=key)
    return {"describe-key-before-rotation": before, "describe-key-after-rotation": r.kms.describe_key(KeyId=key)}


@scenario
def key_rotations_limits(r: Replay) -> Answers:
    key = r.key()["KeyId"]
    for _ in range(25):
        r.kms.rotate_key_on_demand(KeyId=key)
    return {"error-response": r.error(r.kms.rotate_key_on_demand, KeyId=key)}


@scenario
def rotate_key_on_demand_for_external_keys_decrypts_with_previous_material(r: Replay) -> Answers:
    key = r.key("test-key", Origin="EXTERNAL")
    imported = r.imported(key["KeyId"], bytes(32))
    encrypted = r.kms.encrypt(KeyId=key["KeyId"], Plaintext=b"test")
    r.imported(key["KeyId"], b"1" * 32, ImportType="NEW_KEY_MATERIAL")
    rotated = r.kms.rotate_key_on_demand(KeyId=key["KeyId"])
    assert r.kms.decrypt(CiphertextBlob=encrypted["CiphertextBlob"])["Plaintext"] == b"test"
    return {
        "create-kms-external-key": key,
        "import-key-material-response": imported,
        "kms-encrypt-initial-response": encrypted,
        "rotate-key-on-demand-response": rotated,
    }


@scenario
def rotate_key_on_demand_modifies_key_material(r: Replay) -> Answers:
    return {"rotate-on-demand-response": r.kms.rotate_key_on_demand(KeyId=r.key()["KeyId"])}


@scenario
def rotate_on_demand_returns_arn_for_key_id(r: Replay) -> Answers:
    return {"rotate-on-demand-aws-key": r.kms.rotate_key_on_demand(KeyId=r.key()["KeyId"])}


@scenario
def rotate_key_on_demand_on_external_key_with_no_key_material(r: Replay) -> Answers:
    key = r.key("test-key", Origin="EXTERNAL")
    return {
        "create-kms-external-key": key,
        f"rotate-key-on-demand-error-response-{r.variant}": r.error(r.kms.rotate_key_on_demand, KeyId=key["KeyId"]),
    }


@scenario
def rotate_key_on_demand_raises_error_given_key_is_disabled(r: Replay) -> Answers:
    key = r.key()["KeyId"]
    r.kms.disable_key(KeyId=key)
    return {"error-response": r.error(r.kms.rotate_key_on_demand, KeyId=key)}


@scenario
def rotate_key_on_demand_raises_error_given_key_that_does_not_exist(r: Replay) -> Answers:
    call = {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}
    return {"error-response": r.error(r.kms.rotate_key_on_demand, **call)}


@scenario
def rotate_key_on_demand_raises_error_given_key_with_imported_key_material(r: Replay) -> Answers:
    """Recorded in March 2025; since June 2025 imported material can be rotated, and what is refused is automatic
    rotation."""
    key = r.key(Origin="EXTERNAL")["KeyId"]
    r.imported(key, bytes(32))
    return {"error-response": r.error(r.kms.enable_key_rotation, KeyId=key)}


@scenario
def rotate_key_on_demand_raises_error_given_non_symmetric_key(r: Replay) -> Answers:
    key = r.key(spec="ECC_NIST_P256", usage="SIGN_VERIFY")["KeyId"]
    return {"error-response": r.error(r.kms.rotate_key_on_demand, KeyId=key)}


@scenario
def rotate_key_on_demand_raises_for_no_pending_key_material(r: Replay) -> Answers:
    key = r.key(Origin="EXTERNAL")["KeyId"]
    r.imported(key, bytes(32))
    return {"rotate-key-on-demand-invalid-state-error": r.error(r.kms.rotate_key_on_demand, KeyId=key)}


@scenario
def rotate_key_on_demand_with_symmetric_key_and_automatic_rotation_enabled(r: Replay) -> Answers:
    key = r.key()["KeyId"]
    r.kms.enable_key_rotation(KeyId=key)
    return {
        "rotate-on-demand-response": r.kms.rotate_key_on_demand(KeyId=key),
        "rotation-status-response-after-rotation": r.kms.get_key_rotation_status(KeyId=key),
    }


# Multi-Region keys.


@scenario
def replicate_key(r: Replay) -> Answers:
    key = r.key("test replicated key", MultiRegion=True)["KeyId"]
    there = r.client(OTHER_REGION)
    answers = {"describe-key-from-different-region": r.error(there.describe_key, KeyId=key)}
    replicated = r.kms.replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION)
    del replicated["ResponseMetadata"]
    if not replicated["ReplicaTags"]:
        del replicated["ReplicaTags"]
    return answers | {
        "replicate-key": replicated | {"ResponseMetadata": {"HTTPStatusCode": 200}},
        "describe-key-from-region": r.kms.describe_key(KeyId=key),
        "describe-replicated-key": there.describe_key(KeyId=key),
    }


@scenario
def replicate_replica_key_should_fail(r: Replay) -> Answers:
    key = r.key(MultiRegion=True)["KeyId"]
    r.kms.replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION)
    there = r.client(OTHER_REGION)
    call = {"KeyId": key, "ReplicaRegion": "eu-west-1"}
    return {"fail-replicate-non-primary-key": r.error(there.replicate_key, **call)}


@pytest.mark.parametrize(("name", "variant", "content"), list(recorded()))
def test_as_recorded(cloud: Cloud, name: str, variant: str, content: Answers) -> None:
    answers = SCENARIOS[name](Replay(cloud, variant))
    assert answers
    for key, answer in answers.items():
        AWS.same(content[key], plain(answer), key)
    assert not content.keys() - answers.keys(), "not replayed"


def test_the_whole_recording_is_replayed() -> None:
    names = {id.rpartition("::")[2].partition("[")[0] for id, test in RECORDED.items() if test["content"]}
    assert not names - SCENARIOS.keys()
