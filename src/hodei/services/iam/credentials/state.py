"""What users prove themselves with. `owner` is the id of a user, or the account number for the root of the account."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.iam.service import iam
from hodei.services.iam.state import arn_of


class Key(Record):
    """An access key as IAM lists it; its secret lies with the kernel, which checks signatures."""

    owner: str
    id: str
    created: float
    active: bool = True


class Hash(Record):
    """A password, by scrypt."""

    salt: bytes
    digest: bytes


class LoginProfile(Record):
    """`earlier` are passwords that may not come again, the last first."""

    owner: str
    created: float
    changed: float
    password: Hash
    reset: bool = False
    earlier: tuple[Hash, ...] = ()


class PasswordPolicy(Record):
    """The one of an account. None is what was not said."""

    account: str
    length: int = 6
    symbols: bool = False
    numbers: bool = False
    upper: bool = False
    lower: bool = False
    change: bool = False
    age: int | None = None  # days
    reuse: int | None = None
    hard: bool | None = None


class SigningCertificate(Record):
    owner: str
    id: str
    body: str
    uploaded: float
    active: bool = True


class SshKey(Record):
    """`body` is in the encoding of OpenSSH."""

    owner: str
    id: str
    body: str
    fingerprint: str
    uploaded: float
    active: bool = True


class ServiceCredential(Record):
    """A user name and password for one service. `number` counts those of a user for it."""

    owner: str
    id: str
    service: str
    username: str
    secret: str
    created: float
    expires: float | None = None
    active: bool = True


class MfaDevice(Record):
    """A virtual device. Its clock is `drift` steps of 30 s ahead; `used` is the last step of which it gave a code."""

    serial: str
    name: str
    path: str
    created: float
    seed: bytes
    owner: str | None = None
    enabled: float = 0.0
    drift: int = 0
    used: int = 0
    tags: dict[str, str] = {}


class ServerCertificate(Record):
    id: str
    name: str
    key: str
    path: str
    body: str
    private_key: str
    uploaded: float
    expires: float
    chain: str = ""
    tags: dict[str, str] = {}

    def arn(self, ctx: Context) -> str:
        return arn_of(ctx, f"server-certificate{self.path}{self.name}")


access_keys = iam.table("access_keys", Key, key=("owner", "id"), scope="account")
login_profiles = iam.table("login_profiles", LoginProfile, key="owner", scope="account")
password_policies = iam.table("password_policies", PasswordPolicy, key="account", scope="account", cached=True)
signing_certificates = iam.table("signing_certificates", SigningCertificate, key=("owner", "id"), scope="account")
ssh_keys = iam.table("ssh_keys", SshKey, key=("owner", "id"), scope="account")
service_credentials = iam.table(
    "service_credentials", ServiceCredential, key="id", index={"owners": ("owner", "created")}, scope="account"
)
mfa_devices = iam.table("mfa_devices", MfaDevice, key="serial", index={"owners": ("owner", "enabled")}, scope="account")
server_certificates = iam.table("server_certificates", ServerCertificate, key="key", scope="account")
