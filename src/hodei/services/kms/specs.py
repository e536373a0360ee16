"""Key specs: what each kind of key is for, and by which algorithms.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal["symmetric", "hmac", "rsa", "ec", "ed25519", "ml-dsa", "sm2"]

ENCRYPT, SIGN, MAC, AGREE = "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"
SYMMETRIC = "SYMMETRIC_DEFAULT"
MEMBERS = {
    ENCRYPT: "EncryptionAlgorithms",
    SIGN: "SigningAlgorithms",
    MAC: "MacAlgorithms",
    AGREE: "KeyAgreementAlgorithms",
}
_OAEP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA = tuple(f"RSASSA_{padding}_SHA_{bits}" for padding in ("PKCS1_V1_5", "PSS") for bits in (256, 384, 512))


@dataclass(frozen=True, slots=True)
class Spec:
    """A KeySpec. `bits` is the size of the key, of an EC key that of the digest it signs; `usages` has the algorithms
    of each KeyUsage that the spec allows."""

    name: str
    family: Family
    bits: int
    usages: Mapping[str, tuple[str, ...]]

    @property
    def symmetric(self) -> bool:
        """Whether it is of a symmetric encryption key."""
        return self.family == "symmetric"

    @property
    def secret(self) -> bool:
        """Whether the key is plain bytes, and no key pair."""
        return self.family in ("symmetric", "hmac")

    @property
    def slow(self) -> bool:
        """Whether making a key takes long enough to be noticed."""
        return self.family == "rsa"


def _specs() -> list[Spec]:
    found = [Spec(SYMMETRIC, "symmetric", 256, {ENCRYPT: (SYMMETRIC,)})]
    found += [Spec(f"RSA_{bits}", "rsa", bits, {ENCRYPT: _OAEP, SIGN: _RSA}) for bits in (2048, 3072, 4096)]
    for curve, bits in ((256, 256), (384, 384), (521, 512)):
        found.append(Spec(f"ECC_NIST_P{curve}", "ec", bits, {SIGN: (f"ECDSA_SHA_{bits}",), AGREE: ("ECDH",)}))
    found.append(Spec("ECC_SECG_P256K1", "ec", 256, {SIGN: ("ECDSA_SHA_256",)}))
    found.append(Spec("ECC_NIST_EDWARDS25519", "ed25519", 256, {SIGN: ("ED25519_SHA_512", "ED25519_PH_SHA_512")}))
    found += [Spec(f"HMAC_{bits}", "hmac", bits, {MAC: (f"HMAC_SHA_{bits}",)}) for bits in (224, 256, 384, 512)]
    found += [Spec(f"ML_DSA_{size}", "ml-dsa", size, {SIGN: ("ML_DSA_SHAKE_256",)}) for size in (44, 65, 87)]
    found.append(Spec("SM2", "sm2", 256, {ENCRYPT: ("SM2PKE",), SIGN: ("SM2DSA",), AGREE: ("ECDH",)}))
    return found


SPECS = {spec.name: spec for spec in _specs()}
