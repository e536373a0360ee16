"""Digest files: every hour the hashes of the log files that were delivered, signed, each one with that before it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from hodei.kernel.errors import AwsError
from hodei.services.cloudtrail.delivery import files, signing
from hodei.services.cloudtrail.records.members import iso
from hodei.services.cloudtrail.state import LogFile, Previous, Progress, SigningKey, log_files, progresses

if TYPE_CHECKING:
    from hodei.services.cloudtrail.delivery.deliver import Part

HOUR = 3600.0
ALGORITHM, HASH = "SHA256withRSA", "SHA-256"


def is_due(part: Part, progress: Progress) -> bool:
    return bool(part.trail.validated and progress.digest_from) and progress.digest_from + HOUR <= part.ctx.now


async def deliver(part: Part) -> None:
    """Those that are due; of a trail that has stopped also the last one, of less than an hour."""
    ctx, trail = part.ctx, part.trail
    key = (trail.arn, part.account, part.region)
    while (progress := progresses.get(ctx, *key)) and progress.digest_from and trail.validated:
        end = progress.digest_from + HOUR
        if end > ctx.now and trail.logging:
            return
        last = end > ctx.now
        end = min(end, ctx.now)
        listed = [file for file in log_files.scan(ctx, *key) if file.at < end or last]
        try:
            done = await _put(part, progress, end, listed)
        except AwsError as error:
            progresses.put(ctx, replace(progress, digest_error=error.code))
            return
        if progresses.get(ctx, *key) != progress:
            return  # the trail was deleted or begun anew meanwhile
        for file in listed:
            log_files.delete(ctx, *key, file.at, file.key)
        progresses.put(ctx, replace(done, digest_from=0.0) if last else done)


async def _put(part: Part, progress: Progress, end: float, listed: Sequence[LogFile]) -> Progress:
    """Put a digest file; gives what there is to be remembered. Raises: AwsError."""
    ctx, trail = part.ctx, part.trail
    key = await signing.key_of(ctx, part.region, end)
    name = files.digest_key(trail, part.account, part.region, end)
    content = msgspec.json.encode(_content(part, progress, end, name, key, listed))
    packed = files.packed(content)
    before = progress.previous.signature if progress.previous else "null"
    text = f"{iso(end)}\n{trail.bucket}/{name}\n{packed.digest}\n{before}"
    signature = signing.sign(ctx, key, text)
    metadata = {"signature": signature, "signature-algorithm": ALGORITHM}
    await files.put(ctx, trail, name, packed.body, metadata)
    previous = Previous(bucket=trail.bucket, key=name, digest=packed.digest, signature=signature)
    return replace(progress, digest_from=end, digested=ctx.now, digest_error="", previous=previous)


def _content(
    part: Part, progress: Progress, end: float, name: str, key: SigningKey, listed: Sequence[LogFile]
) -> dict[str, Any]:
    before = progress.previous
    return {
        "awsAccountId": part.account,
        "digestStartTime": iso(progress.digest_from),
        "digestEndTime": iso(end),
        "digestS3Bucket": part.trail.bucket,
        "digestS3Object": name,
        "digestPublicKeyFingerprint": key.fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": iso(max(file.newest for file in listed)) if listed else None,
        "oldestEventTime": iso(min(file.oldest for file in listed)) if listed else None,
        "previousDigestS3Bucket": before.bucket if before else None,
        "previousDigestS3Object": before.key if before else None,
        "previousDigestHashValue": before.digest if before else None,
        "previousDigestHashAlgorithm": HASH if before else None,
        "previousDigestSignature": before.signature if before else None,
        "logFiles": [
            {
                "s3Bucket": file.bucket,
                "s3Object": file.key,
                "hashValue": file.digest,
                "hashAlgorithm": HASH,
                "newestEventTime": iso(file.newest),
                "oldestEventTime": iso(file.oldest),
            }
            for file in listed
        ],
    }
