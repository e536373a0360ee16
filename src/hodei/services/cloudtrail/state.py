"""What CloudTrail keeps: trails, how far they have got, and the keys that sign digests. The events are the kernel's."""

from __future__ import annotations

from typing import Any

from hodei.kernel.tables import Record
from hodei.services.cloudtrail.service import cloudtrail


class Trail(Record):
    """In its home region, `region`; of an organization, in the management account."""

    region: str
    name: str
    arn: str
    bucket: str
    prefix: str = ""
    global_events: bool = True
    multi_region: bool = False
    validated: float = 0.0  # since when it has digest files; 0: it has none
    kms_key: str = ""  # an ARN
    organization: str = ""  # the organization's id
    recursive: bool = True
    selectors: list[dict[str, Any]] | None = None  # neither these nor `advanced`: all management events
    advanced: list[dict[str, Any]] | None = None
    logging: bool = False
    started: float = 0.0
    stopped: float = 0.0
    log_group: str = ""  # of CloudWatch Logs: its ARN, with :*
    log_role: str = ""  # as which it writes there
    since: float = 0.0  # it takes nothing older: since it has logged, or been in all Regions, or of the organization


class Previous(Record):
    """A digest file that the next one refers to."""

    bucket: str
    key: str
    digest: str  # SHA-256, in hex
    signature: str


class Progress(Record):
    """How far a trail has got with the events of an account in a region; with the next digest file that is due."""

    trail: str  # its ARN
    account: str
    region: str
    until: float  # events from here on are to be delivered
    tried: float = 0.0
    delivered: float = 0.0
    error: str = ""
    logged: float = 0.0  # when the log group has got events
    log_error: str = ""
    digest_from: float = 0.0
    digested: float = 0.0
    digest_error: str = ""
    previous: Previous | None = None


class LogFile(Record):
    """A log file that no digest file has yet."""

    trail: str
    account: str
    region: str
    at: float
    key: str
    bucket: str
    digest: str
    oldest: float
    newest: float


class SigningKey(Record):
    """A pair of RSA keys that signs digest files in a region, of all accounts: AWS's own, which no account has.

    `sealed` is the private one, `public` PKCS #1, in DER.
    """

    region: str
    start: float
    end: float
    fingerprint: str
    public: bytes
    sealed: bytes


trails = cloudtrail.table("trails", Trail, key=("region", "name"), scope="account")
progresses = cloudtrail.table("progresses", Progress, key=("trail", "account", "region"), scope="account")
log_files = cloudtrail.table("log_files", LogFile, key=("trail", "account", "region", "at", "key"), scope="account")
signing_keys = cloudtrail.table("signing_keys", SigningKey, key=("region", "start"), scope="account")
