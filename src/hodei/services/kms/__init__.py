"""KMS: keys of every kind with real cryptography (AES-256-GCM, RSA, elliptic curves, Ed25519, HMAC, ML-DSA), data keys,
aliases, grants, key policies that decide, rotation, multi-Region keys, import of key material.

Not there, and refused: SM2, Ed25519ph, attestation of Nitro enclaves (Recipient); custom key stores can be kept but not
connected. Grants count at once, and a replica is ready as soon as it is asked for: nothing is eventually consistent.
"""

from hodei.services.kms import access, aliases, billing, deletion, gauges, grants, key_stores, keys, policies, tagging
from hodei.services.kms.material import imports, multi_region, rotation
from hodei.services.kms.using import data_keys, encryption, signing, use

__all__ = [
    "access",
    "aliases",
    "billing",
    "data_keys",
    "deletion",
    "encryption",
    "gauges",
    "grants",
    "imports",
    "key_stores",
    "keys",
    "multi_region",
    "policies",
    "rotation",
    "signing",
    "tagging",
    "use",
]
