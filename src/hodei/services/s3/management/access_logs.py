"""Server access logs: requests to a bucket are written down and delivered, hour by hour, as objects of another bucket.

The line is that of AWS's "Amazon S3 server access log format". What Hodei does not know of a request (its times, TLS,
access points) is "-", as AWS has it for fields without data.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import authorise
from hodei.protocol.http import Request, Response
from hodei.services.s3 import errors, state, subjects
from hodei.services.s3.buckets import access_points, buckets, configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.content import bodies, checksums, encryption
from hodei.services.s3.objects import versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import INLINE_LIMIT, Bucket, LogLine, Object, log_lines
from hodei.services.s3.web import addresses

KIND = "logging"
SENDER = "logging.s3.amazonaws.com"
HOUR = 3600.0
LINES = 2000  # lines a log object
ERROR_CODE = re.compile(rb"<Code>([^<]*)</Code>")
RESOURCES = {  # operation -> what the log calls it, where that is not the method and the sub-resource
    "CopyObject": "REST.COPY.OBJECT",
    "UploadPartCopy": "REST.COPY.PART",
    "DeleteObjects": "REST.POST.MULTI_OBJECT_DELETE",
    "CreateMultipartUpload": "REST.POST.UPLOADS",
    "CompleteMultipartUpload": "REST.POST.UPLOAD",
    "AbortMultipartUpload": "REST.DELETE.UPLOAD",
    "UploadPart": "REST.PUT.PART",
    "ListParts": "REST.GET.UPLOAD",
    "ListObjectVersions": "REST.GET.BUCKETVERSIONS",
    "GetBucketWebsite": "REST.GET.WEBSITE",
}
SUBRESOURCES = re.compile(r"^(?:Put|Get|Delete|List|Head)(?:Bucket)?(\w+?)(?:Configurations?)?$")


@configuration(KIND, put="PutBucketLogging", get="GetBucketLogging", member="BucketLoggingStatus", wrapped=False)
def accept_logging(home: Context, bucket: Bucket, document: Any) -> Any:
    """The target is a bucket of the same owner in the same region."""
    enabled = document.get("LoggingEnabled")
    if enabled is None:
        return None
    target = state.buckets.get(home, enabled["TargetBucket"])
    if target is None:
        raise errors.InvalidTargetBucketForLogging(TargetBucket=enabled["TargetBucket"])
    if target.account != bucket.account:
        raise errors.InvalidTargetBucketForLogging(
            "The owner for the bucket to be logged and the target bucket must be the same.", TargetBucket=target.name
        )
    if target.region != bucket.region:
        raise errors.CrossLocationLoggingProhibitted(**_locations(bucket, target))
    return document


def _locations(source: Bucket, target: Bucket) -> dict[str, str]:
    """us-east-1 is not named."""
    named = {"SourceBucketLocation": source.region, "TargetBucketLocation": target.region}
    return {name: region for name, region in named.items() if region != "us-east-1"}


# writing down


def record(ctx: Context, request: Request, response: Response, request_id: str, host_id: str) -> None:
    """Write a request down, if its bucket logs its accesses. Called when it has been answered."""
    name, key = addresses.resource(ctx, request)
    bucket = state.buckets.get(ctx, name) if name else None
    if bucket is None or KIND not in bucket.configured:
        return
    home = buckets.home(ctx, bucket)
    line = _line(ctx, bucket, key, request, response, request_id, host_id)
    with home.store.batch():
        log_lines.put(home, LogLine(bucket=name, at=home.now, id=request_id, line=line))
        if home.timers.due(home, "deliver_logs", name) is None:
            home.timers.set(home, "deliver_logs", (home.now // HOUR + 1) * HOUR, name)


def _line(
    ctx: Context, bucket: Bucket, key: str, request: Request, response: Response, request_id: str, host_id: str
) -> str:
    sent = response.header("content-length") or (str(len(response.body)) if isinstance(response.body, bytes) else "")
    failure = ERROR_CODE.search(response.body) if isinstance(response.body, bytes) else None
    whole = (response.header("content-range") or "").rpartition("/")[2]
    reads_object = ctx.operation in ("GetObject", "HeadObject") and response.status < 300
    account = ctx.principal.account
    fields = (
        buckets.canonical_id(bucket.account),
        bucket.name,
        datetime.fromtimestamp(ctx.now, UTC).strftime("[%d/%b/%Y:%H:%M:%S +0000]"),
        request.client,
        buckets.canonical_id(account) if account else "-",
        request_id,
        _operation(ctx, request, key),
        quote(key, safe="/") or "-",
        f'"{request.method} {request.target} HTTP/{request.http_version}"',
        str(response.status),
        failure[1].decode() if failure else "-",
        sent if sent not in ("", "0") and request.method != "HEAD" else "-",
        (whole or sent or "-") if reads_object else "-",
        "-",  # total time
        "-",  # turn-around time
        _quoted(request.headers.get("referer")),
        _quoted(request.headers.get("user-agent")),
        dict(request.query_pairs()).get("versionId") or "-",
        host_id,
        *_authentication(request),
        request.headers.get("host") or "-",
        "-",  # TLS version
        access_points.arn(point) if (point := access_points.used(ctx)) else "-",
        "-",  # whether an ACL was required
    )
    return " ".join(fields)


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "-"


def _authentication(request: Request) -> tuple[str, str, str]:
    """Signature version, cipher suite, authentication type."""
    authorization = request.headers.get("authorization")
    if authorization:
        return "SigV4" if authorization.startswith("AWS4") else "SigV2", "-", "AuthHeader"
    if "X-Amz-Signature=" in request.query:
        return "SigV4", "-", "QueryString"
    return ("SigV2", "-", "QueryString") if "Signature=" in request.query else ("-", "-", "-")


def _operation(ctx: Context, request: Request, key: str) -> str:
    """REST.GET.OBJECT, REST.PUT.VERSIONING ..."""
    if not ctx.operation:
        return f"WEBSITE.{request.method}.OBJECT"
    if ctx.operation in RESOURCES:
        return RESOURCES[ctx.operation]
    match = SUBRESOURCES.match(ctx.operation)
    resource = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", match[1]).upper() if match else ""
    if resource in ("", "OBJECT", "OBJECTS", "OBJECTS_V2", "BUCKET"):
        resource = "OBJECT" if key else "BUCKET"
    return f"REST.{request.method}.{resource}"


# delivering


@s3.timer("deliver_logs")
def deliver(home: Context, name: str) -> None:
    """Put a log object with the lines so far; a further one at once if there are very many."""
    bucket = subjects.bucket_at(home, name)
    lines = list(islice(log_lines.scan(home, name), LINES))
    document = configurations.find(home, bucket, KIND) if bucket is not None else None
    target = subjects.bucket_at(home, document["LoggingEnabled"]["TargetBucket"]) if document is not None else None
    for line in lines:
        log_lines.delete(home, name, line.at, line.id)
    if bucket is not None and document is not None and target is not None and lines:
        key = _key(home, bucket, document["LoggingEnabled"], lines[0].at)
        if _may_put(home, bucket, target, key):
            _put(home, target, key, "".join(f"{line.line}\n" for line in lines).encode())
    if len(lines) == LINES:
        home.timers.set(home, "deliver_logs", home.now, name)


def _may_put(home: Context, bucket: Bucket, target: Bucket, key: str) -> bool:
    """Whether the target lets the logging service in, by its policy or as the log delivery group. If not, what was
    written down is lost: AWS tells nobody."""
    ctx = home.by(service_principal(SENDER, bucket.account, buckets.arn(bucket)), "PutObject")
    try:
        authorise(ctx, "PutObject", {"Bucket": target.name, "Key": key})
    except AwsError:
        return False
    return True


def _key(home: Context, bucket: Bucket, enabled: dict[str, Any], event_time: float) -> str:
    form = enabled.get("TargetObjectKeyFormat", {})
    partitioned = form.get("PartitionedPrefix")
    by_event = partitioned is not None and partitioned.get("PartitionDateSource") == "EventTime"
    at = datetime.fromtimestamp(event_time if by_event else home.now, UTC)
    folder = f"{bucket.account}/{bucket.region}/{bucket.name}/{at:%Y/%m/%d}/" if partitioned is not None else ""
    # Grouped by event time, the hour is not told: AWS writes 00-00-00.
    moment = f"{at:%Y-%m-%d}-00-00-00" if by_event else f"{at:%Y-%m-%d-%H-%M-%S}"
    return f"{enabled['TargetPrefix']}{folder}{moment}-{home.ids.upper(16)}"


def _put(home: Context, target: Bucket, key: str, body: bytes) -> None:
    digests = checksums.Digests(checksums.DEFAULT)
    digests.update(body)
    sealing_key = encryption.master_key(home)
    blocks = (body[start : start + INLINE_LIMIT] for start in range(0, len(body), INLINE_LIMIT))
    obj = Object(
        bucket=target.name,
        key=key,
        sequence=0,
        modified=home.now,
        owner=target.account,
        size=len(body),
        etag=digests.md5.hex(),
        pieces=tuple(piece for block in blocks for piece in bodies.write_now(home, sealing_key, block)),
        headers={"ContentType": "text/plain"},
        checksums=digests.checksums,
    )
    versions.add_version(home, target, obj, event="ObjectCreated:Put")
