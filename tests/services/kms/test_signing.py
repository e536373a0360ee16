"""Signatures that others verify, and others' that are verified here; MACs; shared secrets."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

pytestmark = pytest.mark.feature("kms.keys")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
MESSAGE = b"what is signed"
RSA = [f"RSASSA_{kind}_SHA_{bits}" for kind in ("PSS", "PKCS1_V1_5") for bits in (256, 384, 512)]
EC = {
    "ECC_NIST_P256": "ECDSA_SHA_256",
    "ECC_NIST_P384": "ECDSA_SHA_384",
    "ECC_NIST_P521": "ECDSA_SHA_512",
    "ECC_SECG_P256K1": "ECDSA_SHA_256",
}


def public_key(kms: Any, key: str) -> Any:
    return serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])


def arguments(algorithm: str, *, digest: bool = False) -> tuple[Any, ...]:
    chosen: Any = getattr(hashes, f"SHA{algorithm[-3:]}")()
    hashing = utils.Prehashed(chosen) if digest else chosen
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(hashing),)
    if "PSS" in algorithm:
        return padding.PSS(padding.MGF1(chosen), chosen.digest_size), hashing
    return padding.PKCS1v15(), hashing


def check(kms: Any, key: str, algorithm: str) -> None:
    """The signature holds for the public key outside, for KMS, and for nothing else."""
    public = public_key(kms, key)
    call = {"KeyId": key, "SigningAlgorithm": algorithm}
    signature = kms.sign(Message=MESSAGE, **call)["Signature"]
    public.verify(signature, MESSAGE, *arguments(algorithm))
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"another", *arguments(algorithm))
    digest = hashlib.new(f"sha{algorithm[-3:]}", MESSAGE).digest()
    assert kms.verify(Message=digest, MessageType="DIGEST", Signature=signature, **call)["SignatureValid"]
    of_digest = kms.sign(Message=digest, MessageType="DIGEST", **call)["Signature"]
    public.verify(of_digest, MESSAGE, *arguments(algorithm))
    with pytest.raises(kms.exceptions.KMSInvalidSignatureException):
        kms.verify(Message=b"another", Signature=signature, **call)


@pytest.mark.parametrize("algorithm", RSA)
def test_rsa(kms: Any, make: Make, algorithm: str) -> None:
    made = make("RSA_2048", "SIGN_VERIFY")
    assert set(made["SigningAlgorithms"]) == set(RSA)
    check(kms, made["KeyId"], algorithm)


@pytest.mark.parametrize("spec", EC)
def test_elliptic_curves(kms: Any, make: Make, spec: str) -> None:
    made = make(spec, "SIGN_VERIFY")
    assert made["SigningAlgorithms"] == [EC[spec]]
    check(kms, made["KeyId"], EC[spec])


def test_ed25519(kms: Any, make: Make, refused: Refused) -> None:
    key = make("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")["KeyId"]
    call = {"KeyId": key, "SigningAlgorithm": "ED25519_SHA_512"}
    signature = kms.sign(Message=MESSAGE, **call)["Signature"]
    public_key(kms, key).verify(signature, MESSAGE)
    assert kms.verify(Message=MESSAGE, Signature=signature, **call)["SignatureValid"]
    with refused("KMSInvalidSignatureException"):
        kms.verify(Message=b"another", Signature=signature, **call)
    with refused("ValidationException"):
        kms.sign(Message=bytes(64), MessageType="DIGEST", **call)
    with refused("NotImplemented", "ED25519_PH_SHA_512"):
        kms.sign(KeyId=key, Message=bytes(64), MessageType="DIGEST", SigningAlgorithm="ED25519_PH_SHA_512")


@pytest.mark.parametrize("spec", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"])
def test_ml_dsa(kms: Any, make: Make, refused: Refused, spec: str) -> None:
    key = make(spec, "SIGN_VERIFY")["KeyId"]
    public = public_key(kms, key)
    call = {"KeyId": key, "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    signature = kms.sign(Message=MESSAGE, **call)["Signature"]
    public.verify(signature, MESSAGE)
    # mu as FIPS 204 has it (section 6.2): of the public key's hash, an empty context, and the message
    tr = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(tr + b"\0\0" + MESSAGE).digest(64)
    assert kms.verify(Message=mu, MessageType="EXTERNAL_MU", Signature=signature, **call)["SignatureValid"]
    of_mu = kms.sign(Message=mu, MessageType="EXTERNAL_MU", **call)["Signature"]
    public.verify(of_mu, MESSAGE)
    with refused("KMSInvalidSignatureException"):
        kms.verify(Message=b"another", Signature=signature, **call)
    with refused("ValidationException"):
        kms.sign(Message=bytes(63), MessageType="EXTERNAL_MU", **call)
    with refused("ValidationException"):
        kms.sign(Message=bytes(64), MessageType="DIGEST", **call)


def test_what_others_signed_is_verified(kms: Any, make: Make, refused: Refused) -> None:
    """With the algorithm that a key is not for nothing is signed or verified."""
    key = make("ECC_NIST_P256", "SIGN_VERIFY")["KeyId"]
    with refused("InvalidKeyUsageException", "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256."):
        kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_384")
    with refused("InvalidKeyUsageException", "key usage is SIGN_VERIFY which is not valid for GenerateMac."):
        kms.generate_mac(KeyId=key, Message=MESSAGE, MacAlgorithm="HMAC_SHA_256")
    with refused("DryRunOperationException"):
        kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_256", DryRun=True)
    with refused("ValidationException"):
        kms.sign(KeyId=key, Message=b"x" * 4097, SigningAlgorithm="ECDSA_SHA_256")


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_macs(kms: Any, make: Make, refused: Refused, bits: int) -> None:
    made = make(f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    call = {"KeyId": made["KeyId"], "MacAlgorithm": f"HMAC_SHA_{bits}"}
    mac = kms.generate_mac(Message=MESSAGE, **call)["Mac"]
    assert len(mac) == bits // 8
    assert mac == kms.generate_mac(Message=MESSAGE, **call)["Mac"]
    assert kms.verify_mac(Message=MESSAGE, Mac=mac, **call)["MacValid"]
    for spoiled in (mac[:-1], bytes(len(mac)), mac + b"\0"):
        with refused("KMSInvalidMacException"):
            kms.verify_mac(Message=MESSAGE, Mac=spoiled, **call)
    with refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=made["KeyId"])


def test_a_mac_is_that_of_the_imported_secret(kms: Any, make: Make) -> None:
    from .test_recorded import wrap

    key = make("HMAC_256", "GENERATE_VERIFY_MAC", Origin="EXTERNAL")["KeyId"]
    given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    secret = bytes(range(32))
    kms.import_key_material(
        KeyId=key,
        ImportToken=given["ImportToken"],
        EncryptedKeyMaterial=wrap(given["PublicKey"], "RSAES_OAEP_SHA_256", secret),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    mac = kms.generate_mac(KeyId=key, Message=MESSAGE, MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert mac == hmac.digest(secret, MESSAGE, "sha256")


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_two_keys_agree(kms: Any, make: Make, refused: Refused, spec: str) -> None:
    ours, theirs = make(spec, "KEY_AGREEMENT")["KeyId"], make(spec, "KEY_AGREEMENT")["KeyId"]

    def derive(key: str, peer: str) -> bytes:
        public = kms.get_public_key(KeyId=peer)["PublicKey"]
        return bytes(
            kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=public)["SharedSecret"]
        )

    assert derive(ours, theirs) == derive(theirs, ours)
    other = make("ECC_NIST_P384" if spec != "ECC_NIST_P384" else "ECC_NIST_P256", "KEY_AGREEMENT")["KeyId"]
    with refused("ValidationException"):
        derive(ours, other)
    with refused("ValidationException"):
        kms.derive_shared_secret(KeyId=ours, KeyAgreementAlgorithm="ECDH", PublicKey=b"no key")


@pytest.mark.parametrize("usage", ["SIGN_VERIFY", "KEY_AGREEMENT"])
def test_sm2_is_refused(kms: Any, refused: Refused, usage: str) -> None:
    with refused("NotImplemented", "SM2"):
        kms.create_key(KeySpec="SM2", KeyUsage=usage)
