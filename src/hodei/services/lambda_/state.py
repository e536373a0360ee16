"""What AWS Lambda keeps: functions with their versions, and what there is of each."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.lambda_.service import lambda_

LATEST = "$LATEST"


class Code(Record):
    """A deployment package: a zip file, or a folder of this machine that is run as it is (hot reload)."""

    blob: str = ""  # the zip file
    sha256: str = ""  # of it, in base64
    size: int = 0  # bytes of the zip file
    unpacked: int = 0  # bytes of what is in it
    folder: str = ""  # an absolute path, instead of a zip file
    image: str = ""  # the URI of a container image


class Version(Record):
    """A version of a function, $LATEST among them: its code and its configuration."""

    function: str  # the name
    version: str  # "$LATEST", "1", ...
    role: str  # ARN
    code: Code
    revision: str  # RevisionId
    modified: float
    runtime: str = ""
    handler: str = ""
    description: str = ""
    timeout: int = 3  # seconds
    memory: int = 128  # MB
    storage: int = 512  # MB of /tmp
    environment: dict[str, str] = {}
    layers: tuple[str, ...] = ()  # ARNs of layer versions, the first below the others
    architectures: tuple[str, ...] = ("x86_64",)
    package_type: str = "Zip"
    tracing: str = "PassThrough"
    kms_key: str = ""  # ARN
    dead_letters: str = ""  # ARN
    state: str = "Active"
    state_reason: str = ""
    state_code: str = ""
    update: str = "Successful"  # LastUpdateStatus
    logging: dict[str, Any] = {}  # LoggingConfig, as it was given
    others: dict[str, Any] = {}  # members of a configuration that are kept and told as they were given (VpcConfig, ...)

    def arn(self, ctx: Context) -> str:
        """With the version's number; without one of $LATEST."""
        qualifier = "" if self.version == LATEST else f":{self.version}"
        return ctx.arn(f"function:{self.function}{qualifier}")


versions = lambda_.table("versions", Version, key=("function", "version"))
