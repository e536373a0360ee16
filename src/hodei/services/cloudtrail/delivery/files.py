"""Log files: what is in one, its bytes and its name.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.ledger.audit import Event
from hodei.services.cloudtrail.records.record import record_of
from hodei.services.cloudtrail.state import Trail
from hodei.services.cloudtrail.trails import destination

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CONTENT = {"ContentType": "application/json", "ContentEncoding": "gzip"}


class Packed(NamedTuple):
    """The bytes of a file, and the SHA-256 of what they unpack to, in hex."""

    body: bytes
    digest: str


def pack(events: list[Event], account: str) -> Packed:
    """Of some thousand events it takes a while: call it in a thread."""
    return packed(msgspec.json.encode({"Records": [record_of(event, account) for event in events]}, enc_hook=str))


def packed(content: bytes) -> Packed:
    return Packed(gzip.compress(content, compresslevel=6, mtime=0), hashlib.sha256(content).hexdigest())


def log_key(ctx: Context, trail: Trail, account: str, region: str, at: float) -> str:
    """AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/17/111122223333_CloudTrail_us-east-2_20150817T1445Z_9nYN....json.gz"""
    moment = datetime.fromtimestamp(at, UTC)
    unique = "".join(ctx.ids.choices(LETTERS, k=16))
    name = f"{account}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{unique}.json.gz"
    return f"{destination.folder(trail, account)}/CloudTrail/{region}/{moment:%Y/%m/%d}/{name}"


def digest_key(trail: Trail, account: str, region: str, at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    name = f"{account}_CloudTrail-Digest_{region}_{trail.name}_{trail.region}_{moment:%Y%m%dT%H%M%SZ}.json.gz"
    return f"{destination.folder(trail, account)}/CloudTrail-Digest/{region}/{moment:%Y/%m/%d}/{name}"


async def put(ctx: Context, trail: Trail, key: str, body: bytes, metadata: dict[str, str]) -> None:
    """As CloudTrail, in the name of the trail. Raises: AwsError. On return the object is in the open batch: what is put
    before the next wait is there if and only if it is."""
    await destination.writer(ctx, trail).call(
        "s3",
        "PutObject",
        Bucket=trail.bucket,
        Key=key,
        Body=body,
        ACL=destination.ACL,
        Metadata=metadata,
        **CONTENT,
        **destination.encryption(trail),
    )
