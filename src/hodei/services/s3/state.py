"""What S3 keeps. Rows of objects lie in the place (account, region) of their bucket: see `buckets.home`.

The latest version of a key, unless it is a delete marker, is in `objects`; all others, delete markers included, are
in `versions`, newest first. So an unversioned bucket writes one row an object, a GET reads one and a listing of
current objects never passes over history.
"""

from __future__ import annotations

from typing import Any

from hodei.kernel.tables import Record
from hodei.services.s3.service import s3

NULL_VERSION = "null"
INLINE_LIMIT = 64 * 1024  # bytes; larger bodies are files


class Bucket(Record):
    name: str
    account: str
    region: str
    created: float
    versioning: str = ""  # "", "Enabled", "Suspended"
    mfa_delete: bool = False
    mfa_delete_said: bool = False  # whether that was ever configured
    object_lock: bool = False
    constraint: str = ""  # the location constraint where it is not the region: "EU" means eu-west-1
    configured: tuple[str, ...] = ()  # kinds of which there are documents in `configurations`
    cleared: tuple[str, ...] = ()  # kinds whose default was deleted

    @property
    def guarded(self) -> bool:
        """Whether a policy or ACLs have a say in who may use it."""
        return "policy" in self.configured or "ownership" in self.configured or "ownership" in self.cleared


class Piece(Record):
    """A stretch of a stored body: a blob, or the row of `data` under `id`. Encrypted with a key derived from `id`."""

    id: str
    size: int
    blob: str = ""


class Part(Record):
    """What remains known of a part of a completed multipart upload."""

    number: int
    size: int
    checksums: dict[str, str] = {}  # algorithm -> base64


class Encryption(Record):
    """How a body is encrypted: AES256 (SSE-S3), aws:kms and aws:kms:dsse with a key, or SSE-C with the key's MD5."""

    algorithm: str = "AES256"
    kms_key: str = ""
    kms_context: str = ""
    bucket_key: bool = False
    wrapped_key: bytes = b""  # the data key as the KMS key has encrypted it
    customer_key_md5: str = ""  # base64; set for SSE-C only


class Object(Record):
    """One version of an object, or a delete marker."""

    bucket: str
    key: str
    sequence: int  # grows with every version of the key
    modified: float
    version_id: str = NULL_VERSION
    marker: bool = False
    owner: str = ""  # account
    size: int = 0
    etag: str = ""  # without quotes
    pieces: tuple[Piece, ...] = ()
    parts: tuple[Part, ...] = ()
    headers: dict[str, str] = {}  # Content-Type, Cache-Control ... by boto3's member name: {"ContentType": "text/html"}
    metadata: dict[str, str] = {}
    checksums: dict[str, str] = {}  # algorithm ("CRC64NVME") -> base64, "-N" behind a composite one
    checksum_type: str = "FULL_OBJECT"  # or COMPOSITE
    encryption: Encryption = Encryption()
    storage_class: str = "STANDARD"
    moved: float = 0.0  # when a lifecycle rule brought it there
    tags: dict[str, str] = {}
    redirect: str = ""  # x-amz-website-redirect-location
    lock_mode: str = ""  # GOVERNANCE, COMPLIANCE
    lock_until: float = 0.0
    legal_hold: bool | None = None  # None: never set
    restored_until: float = 0.0  # of an archived object: when the restored copy expires
    restore_ready: float = 0.0  # when a requested restore is (or was) done; 0: none requested
    replication: str = ""  # PENDING, COMPLETED, FAILED, REPLICA
    acl: dict[str, Any] = {}  # AccessControlPolicy as boto3 has it; empty: private to the owner

    @property
    def order(self) -> int:
        """Sorts the versions of a key newest first."""
        return -self.sequence


class Upload(Record):
    """A multipart upload under way; `object` carries what the completed object will have."""

    bucket: str
    key: str
    upload_id: str
    initiated: float
    object: Object
    checksum_algorithm: str = ""
    checksum_type: str = ""
    existed: bool = False  # the key had an object when the upload began


class UploadPart(Record):
    upload_id: str
    number: int
    size: int
    etag: str
    modified: float
    pieces: tuple[Piece, ...]
    checksums: dict[str, str] = {}


class Completion(Record):
    """What completing an upload answered: asked again, it answers the same."""

    bucket: str
    key: str
    upload_id: str
    etag: str
    answer: dict[str, Any]


class Data(Record):
    """A small body (or a piece of one), encrypted."""

    id: str
    body: bytes


class Secret(Record):
    """A key that bodies are encrypted with: made once, and kept with them."""

    name: str
    key: bytes


class Configuration(Record):
    """A bucket's sub-resource as boto3 has it: kind "cors", "lifecycle", "website", "policy" ...; `id` for kinds that a
    bucket has several of (inventory, metrics, analytics, intelligent-tiering)."""

    bucket: str
    kind: str
    document: Any
    id: str = ""


class AccountBlock(Record):
    """The public access block of an account: each of the four settings by its name."""

    account: str
    settings: dict[str, bool]


class AccessPoint(Record):
    """Another address of a bucket, with rules of its own. `account` and `region` are its own; `vpc` "": anyone's."""

    account: str
    region: str
    name: str
    alias: str
    bucket: str
    bucket_account: str
    created: float
    block: dict[str, bool]
    vpc: str = ""
    policy: str = ""


class LogLine(Record):
    """A request to a bucket that logs its accesses, until the line is delivered."""

    bucket: str
    at: float
    id: str  # of the request
    line: str


buckets = s3.table("buckets", Bucket, key="name", index={"owner": ("account", "name")}, scope="global", cached=True)
objects = s3.table("objects", Object, key=("bucket", "key"))
versions = s3.table("versions", Object, key=("bucket", "key", "order"), index={"id": ("bucket", "key", "version_id")})
uploads = s3.table("uploads", Upload, key=("bucket", "key", "upload_id"))
upload_parts = s3.table("upload_parts", UploadPart, key=("upload_id", "number"))
completions = s3.table("completions", Completion, key=("bucket", "key", "upload_id"))
data = s3.table("data", Data, key="id")
secrets = s3.table("secrets", Secret, key="name", scope="global", cached=True)
configurations = s3.table("configurations", Configuration, key=("bucket", "kind", "id"), cached=True)
account_blocks = s3.table("account_blocks", AccountBlock, key="account", scope="global", cached=True)
access_points = s3.table(
    "access_points",
    AccessPoint,
    key=("account", "region", "name"),
    index={"alias": ("alias",), "bucket": ("bucket",)},
    scope="global",
    cached=True,
)
log_lines = s3.table("log_lines", LogLine, key=("bucket", "at", "id"))
