"""Object lock: retention and legal holds keep versions from being deleted or overwritten, on the cloud's clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import errors, payment, state, subjects
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.management import replication
from hodei.services.s3.objects import versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object

DAY = 86400.0
KIND = "object-lock"
LONGEST_DAYS = 36500
LONGEST_YEARS = 100
PROTECTED = "Access Denied because object protected by object lock."
NO_LOCK = "Bucket is missing Object Lock Configuration"
BYPASS = "x-amz-bypass-governance-retention"
MODE, UNTIL, HOLD = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"


# what others ask


class Lock(NamedTuple):
    """How a new version is locked: `replace(obj, **lock._asdict())`."""

    lock_mode: str = ""
    lock_until: float = 0.0
    legal_hold: bool | None = None


def for_new(
    home: Context, bucket: Bucket, mode: str | None = None, until: datetime | None = None, hold: str | None = None
) -> Lock:
    """The lock of a version about to be made: what the request's headers say, else the bucket's default retention.

    Raises: InvalidRequest for a bucket without object lock, InvalidArgument.
    """
    if not bucket.object_lock:
        if mode or until or hold:
            raise errors.InvalidRequest(NO_LOCK)
        return Lock()
    if (mode is None) != (until is None):
        raise errors.InvalidArgument(f"{UNTIL} and {MODE} must both be supplied", ArgumentName=UNTIL if mode else MODE)
    if mode is not None and until is not None:
        if until.timestamp() <= home.now:
            raise _past(UNTIL, until)
        lock = Lock(mode, until.timestamp())
    else:
        lock = _default(home, bucket)
    return lock._replace(legal_hold=None if hold is None else hold == "ON")


def check_bypass(bucket: Bucket, bypass: bool | None) -> None:
    """x-amz-bypass-governance-retention, even false, is refused by buckets without object lock."""
    if bypass is not None and not bucket.object_lock:
        raise errors.InvalidArgument(
            f"{BYPASS} is only applicable to Object Lock enabled buckets.", ArgumentName=BYPASS
        )


def check_delete(home: Context, bucket: Bucket, obj: Object, bypass: bool | None = None) -> None:
    """Call before a version is deleted for good. Raises: AccessDenied while a hold or a retention protects it.

    `bypass` is the request's BypassGovernanceRetention (None: not given).
    """
    if protects(home, bucket, obj) and (obj.legal_hold or not (bypass and obj.lock_mode == "GOVERNANCE")):
        raise errors.AccessDenied(PROTECTED)


def protects(home: Context, bucket: Bucket, obj: Object) -> bool:
    """Whether a version is locked now: lifecycle rules pass it over."""
    return bucket.object_lock and not obj.marker and (bool(obj.legal_hold) or _retained(home, obj))


def _retained(home: Context, obj: Object) -> bool:
    return bool(obj.lock_mode) and obj.lock_until > home.now


def _default(home: Context, bucket: Bucket) -> Lock:
    document = configurations.find(home, bucket, KIND) or {}
    retention = document.get("Rule", {}).get("DefaultRetention")
    if retention is None:
        return Lock()
    if "Days" in retention:
        return Lock(retention["Mode"], home.now + retention["Days"] * DAY)
    now = datetime.fromtimestamp(home.now, UTC)
    leap_day = (now.month, now.day) == (2, 29)
    until = (now.replace(day=28) if leap_day else now).replace(year=now.year + retention["Years"])
    return Lock(retention["Mode"], until.timestamp())


def _past(argument: str, until: datetime) -> Exception:
    return errors.InvalidArgument(
        "The retain until date must be in the future!", ArgumentName=argument, ArgumentValue=_pacific(until)
    )


def _pacific(moment: datetime) -> str:
    """A date as this one error of AWS has it, in every region: by the clocks of Seattle."""
    moment = max(moment, datetime(2, 1, 1, tzinfo=UTC))  # earlier ones have no such day there
    begins = _sunday(moment.year, 3, 8) + timedelta(hours=10)
    ends = _sunday(moment.year, 11, 1) + timedelta(hours=9)
    zone, offset = ("PDT", -7) if begins <= moment < ends else ("PST", -8)
    return (moment + timedelta(hours=offset)).strftime(f"%a %b %d %H:%M:%S {zone} %Y")


def _sunday(year: int, month: int, day: int) -> datetime:
    """Midnight (UTC) of the first Sunday from that day on."""
    date = datetime(year, month, day, tzinfo=UTC)
    return date + timedelta(days=6 - date.weekday())


# the bucket's configuration


@configuration(
    KIND,
    put="PutObjectLockConfiguration",
    get="GetObjectLockConfiguration",
    member="ObjectLockConfiguration",
    missing=errors.ObjectLockConfigurationNotFoundError,
)
def accept_object_lock(home: Context, bucket: Bucket, document: Any) -> Any:
    """Enables object lock too, on a bucket whose versioning is enabled."""
    if not document or document.get("ObjectLockEnabled") != "Enabled":
        raise errors.MalformedXML()
    if bucket.versioning != "Enabled":
        raise errors.InvalidBucketState(
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )
    if "Rule" in document:
        _check_retention(document["Rule"].get("DefaultRetention"))
    state.buckets.put(home, replace(bucket, object_lock=True))
    return document


def _check_retention(retention: Mapping[str, Any] | None) -> None:
    if not retention or "Mode" not in retention or ("Days" in retention) == ("Years" in retention):
        raise errors.MalformedXML()
    for unit, longest in (("Days", LONGEST_DAYS), ("Years", LONGEST_YEARS)):
        value = retention.get(unit, 1)
        if value <= 0:
            raise errors.InvalidArgument(
                "Default retention period must be a positive integer value.",
                ArgumentName=unit,
                ArgumentValue=str(value),
            )
        if value > longest:
            raise errors.InvalidArgument(
                "Default retention period too large, must be less than 36500 days or 100 years.",
                ArgumentName=unit,
                ArgumentValue=str(value),
            )


# versions


@s3.operation("PutObjectRetention")
def put_object_retention(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    Retention: Mapping[str, Any] | None = None,
    VersionId: str | None = None,
    BypassGovernanceRetention: bool | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, str]:
    """A retention may always be extended; made weaker or shorter only in GOVERNANCE mode, with bypass."""
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home, charge = buckets.home(ctx, bucket), payment.charged(ctx, bucket, RequestPayer)
    obj = _locked(home, bucket, Key, VersionId, method="PUT")
    retention = Retention or {}
    mode, until = retention.get("Mode"), retention.get("RetainUntilDate")
    if (mode is None) != (until is None):
        raise errors.MalformedXML()
    if until is not None and until.timestamp() <= home.now:
        raise _past("RetainUntilDate", until)
    changed = replace(obj, lock_mode=mode or "", lock_until=until.timestamp() if until else 0.0)
    weaker = changed.lock_until < obj.lock_until or (obj.lock_mode == "COMPLIANCE" != changed.lock_mode)
    if _retained(home, obj) and (weaker or mode != obj.lock_mode):
        upgrade = mode == "COMPLIANCE" and not weaker
        if not upgrade and not (BypassGovernanceRetention and obj.lock_mode == "GOVERNANCE"):
            raise errors.AccessDenied(PROTECTED)
    versions.update(home, changed)
    replication.follow(home, bucket, changed)
    return charge


@s3.operation("GetObjectRetention")
def get_object_retention(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    payment.charged(ctx, bucket, RequestPayer)
    obj = _locked(buckets.home(ctx, bucket), bucket, Key, VersionId, method="GET")
    if not obj.lock_mode:
        raise errors.NoSuchObjectLockConfiguration()
    return {"Retention": {"Mode": obj.lock_mode, "RetainUntilDate": obj.lock_until}}


@s3.operation("PutObjectLegalHold")
def put_object_legal_hold(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    LegalHold: Mapping[str, str] | None = None,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, str]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home, charge = buckets.home(ctx, bucket), payment.charged(ctx, bucket, RequestPayer)
    obj = _locked(home, bucket, Key, VersionId, method="PUT")
    status = (LegalHold or {}).get("Status")
    if status is None:
        raise errors.MalformedXML()
    obj = replace(obj, legal_hold=status == "ON")
    versions.update(home, obj)
    replication.follow(home, bucket, obj)
    return charge


@s3.operation("GetObjectLegalHold")
def get_object_legal_hold(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    payment.charged(ctx, bucket, RequestPayer)
    obj = _locked(buckets.home(ctx, bucket), bucket, Key, VersionId, method="GET")
    if obj.legal_hold is None:
        raise errors.NoSuchObjectLockConfiguration()
    return {"LegalHold": {"Status": "ON" if obj.legal_hold else "OFF"}}


def _locked(home: Context, bucket: Bucket, key: str, version_id: str | None, *, method: str) -> Object:
    """The version meant, in a bucket that has object lock."""
    obj = subjects.version(home, bucket, key, version_id, method=method)
    if not bucket.object_lock:
        raise errors.InvalidRequest(NO_LOCK)
    return obj
