"""What AWS Lambda keeps: functions with their versions, and what there is of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.lambda_.service import lambda_

LATEST = "$LATEST"
Wire = Mapping[str, Any]
NONE: Wire = {}


class Code(Record):
    """A deployment package: a zip file, or a folder of this machine that is run as it is (hot reload)."""

    blob: str = ""  # the zip file
    sha256: str = ""  # of it, in base64; of an image its digest, in hexadecimal digits
    size: int = 0  # bytes of the zip file
    unpacked: int = 0  # bytes of what is in it
    folder: str = ""  # an absolute path, instead of a zip file
    image: str = ""  # the URI of a container image, whose archive the blob is
    config: dict[str, Any] = {}  # of the image: Entrypoint, Cmd, Env, WorkingDir


class Function(Record):
    """What all versions of a function share."""

    name: str
    created: float
    published: int = 0  # the number of the last published version; none is given twice
    content: str = ""  # a digest of what was published last
    reserved: int | None = None  # concurrent executions
    signing: str | None = None  # ARN of a code signing configuration
    recursion: str = "Terminate"


class Version(Record):
    """A version of a function, $LATEST among them: its code and its configuration."""

    function: str  # the name
    version: str  # "$LATEST", "1", ...
    role: str  # ARN
    code: Code
    revision: str  # RevisionId
    modified: float
    number: int = 0  # of a published version
    runtime: str = ""
    handler: str = ""
    description: str = ""
    timeout: int = 3  # seconds
    memory: int = 128  # MB
    storage: int = 512  # MB of /tmp
    environment: dict[str, str] = {}
    environment_given: bool = False  # be it an empty one: only then is it told
    layers: tuple[str, ...] = ()  # ARNs of layer versions, the first below the others
    architectures: tuple[str, ...] = ("x86_64",)
    package_type: str = "Zip"
    tracing: str = "PassThrough"
    kms_key: str = ""  # ARN
    sealed: bytes = b""  # the environment variables under that key, then not in `environment`
    grant: str = ""  # by which the role may decrypt them
    dead_letters: str = ""  # ARN
    snap_start: str = "None"  # ApplyOn
    state: str = "Active"
    state_reason: str = ""
    state_code: str = ""
    update: str = "Successful"  # LastUpdateStatus
    logging: dict[str, Any] = {}  # LoggingConfig, complete
    runtime_update: str = "Auto"  # UpdateRuntimeOn
    runtime_version: str = ""  # ARN of the one that is to stay
    durable: dict[str, Any] = {}  # DurableConfig, complete; empty: it is not durable
    others: dict[str, Any] = {}  # members of a configuration that are kept and told as they were given (VpcConfig, ...)

    def arn(self, ctx: Context) -> str:
        """With the version's number; without one of $LATEST."""
        qualifier = "" if self.version == LATEST else f":{self.version}"
        return ctx.arn(f"function:{self.function}{qualifier}")


class Alias(Record):
    """A name that points to a version, and by a weight to a second one."""

    function: str
    name: str
    version: str
    revision: str
    description: str = ""
    weights: dict[str, float] = {}  # version -> share of the invocations; the rest is the first version's


class Policy(Record):
    """The resource policy of a function (qualifier ""), a version or an alias."""

    function: str
    qualifier: str
    document: str
    revision: str


class Layer(Record):
    name: str
    last: int  # the number of the last version; none is given twice


class LayerVersion(Record):
    """A version of a layer. What functions use stays when it is deleted."""

    layer: str
    number: int
    code: Code
    created: float
    description: str = ""
    license: str = ""
    runtimes: tuple[str, ...] | None = None
    architectures: tuple[str, ...] | None = None
    policy: str = ""
    revision: str = ""
    deleted: bool = False


class EventConfig(Record):
    """How asynchronous invocations of a version or alias are retried, and where their results go."""

    function: str
    qualifier: str
    modified: float
    retries: int | None = None
    age: int | None = None  # seconds
    success: str | None = None  # ARNs; None: nothing was said of it
    failure: str | None = None


class Provisioned(Record):
    """Provisioned concurrency of a version or alias."""

    function: str
    qualifier: str
    requested: int
    modified: float
    status: str = "IN_PROGRESS"
    reason: str = ""
    allocated: int = 0


class Url(Record):
    """The URL of a function or an alias."""

    function: str
    qualifier: str
    id: str
    auth: str
    created: float
    modified: float
    cors: dict[str, Any] | None = None
    mode: str = "BUFFERED"


class UrlPlace(Record):
    """Whose function the id in the host name of a URL means."""

    id: str
    account: str
    region: str
    function: str
    qualifier: str


class EventSource(Record):
    """An event source mapping. `settings` are its members as they are told, complete."""

    uuid: str
    source: str  # ARN; of a self-managed one its servers
    function: str  # ARN, with the qualifier that was given
    name: str  # of the function
    state: str
    modified: float
    target: str = ""  # the state that a transition ends in
    reason: str = "USER_INITIATED"
    result: str = ""  # LastProcessingResult
    settings: dict[str, Any] = {}
    filters: bytes = b""  # FilterCriteria under the mapping's KMS key; then they are not among the settings


class Signing(Record):
    """A code signing configuration."""

    id: str
    publishers: tuple[str, ...]
    modified: float
    policy: str = "Warn"
    description: str = ""


class Storage(Record):
    """The bytes of all packages of an account in a region."""

    id: str
    total: int


functions = lambda_.table(
    "functions", Function, key="name", index={"reserved": ("reserved",), "signing": ("signing",)}, cached=True
)
versions = lambda_.table(
    "versions", Version, key=("function", "version"), index={"numbers": ("function", "number")}, cached=True
)
aliases = lambda_.table("aliases", Alias, key=("function", "name"), cached=True)
policies = lambda_.table("policies", Policy, key=("function", "qualifier"), cached=True)
layers = lambda_.table("layers", Layer, key="name")
layer_versions = lambda_.table("layer_versions", LayerVersion, key=("layer", "number"), cached=True)
event_configs = lambda_.table("event_configs", EventConfig, key=("function", "qualifier"), cached=True)
provisioned = lambda_.table("provisioned", Provisioned, key=("function", "qualifier"))
urls = lambda_.table("urls", Url, key=("function", "qualifier"))
url_places = lambda_.table("url_places", UrlPlace, key="id", scope="global", cached=True)
mappings = lambda_.table(
    "mappings", EventSource, key="uuid", index={"functions": ("name",), "sources": ("source",)}, cached=True
)
signings = lambda_.table("signings", Signing, key="id")
storage = lambda_.table("storage", Storage, key="id")
