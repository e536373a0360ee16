"""What Organizations keeps, all of it in the management account: who is in which organization the kernel's `controls`
know. Handshakes and the addresses of accounts go beyond one organization."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.organizations.service import organizations as service


class Organization(Record):
    id: str
    features: str  # ALL, CONSOLIDATED_BILLING
    root: str
    created: float
    enabled: tuple[str, ...] = ()  # types of policies


class Account(Record):
    """`joined` is when it came, by `method` (INVITED, CREATED)."""

    id: str
    name: str
    email: str
    parent: str
    joined: float
    method: str
    status: str = "ACTIVE"


class Unit(Record):
    id: str
    name: str
    parent: str


class Request(Record):
    """To create an account."""

    id: str
    name: str
    email: str
    role: str
    requested: float
    state: str = "IN_PROGRESS"
    completed: float = 0.0
    account: str = ""
    failure: str = ""
    tags: dict[str, str] = {}


class Policy(Record):
    id: str
    name: str
    type: str
    description: str
    content: str
    updated: float = 0.0
    managed: bool = False  # by AWS


class Attachment(Record):
    target: str
    type: str
    policy: str
    at: float


class Handshake(Record):
    """`account` is the management account of the organization, `party` the account that is asked.

    `state` is the last one that somebody set: see `handshakes.state`.
    """

    id: str
    account: str
    organization: str
    action: str
    party: str
    party_type: str  # how the request named it: ACCOUNT, EMAIL, ORGANIZATION
    party_id: str
    requested: float
    expires: float
    state: str = "OPEN"
    changed: float = 0.0
    parent: str = ""
    notes: str = ""
    tags: dict[str, str] = {}


class Contact(Record):
    """The root user's address and the name of an account that was created here."""

    email: str  # in lower case
    account: str
    name: str


class Delegation(Record):
    service: str
    member: str
    at: float


class ServiceAccess(Record):
    service: str
    at: float


class ResourcePolicy(Record):
    id: str
    content: str


organizations = service.table("organizations", Organization, key="id", scope="account")
accounts = service.table("accounts", Account, key="id", index={"parents": ("parent",)}, scope="account")
units = service.table("units", Unit, key="id", index={"parents": ("parent",)}, scope="account")
requests = service.table("requests", Request, key="id", scope="account")
policies = service.table("policies", Policy, key="id", index={"types": ("type",)}, scope="account")
attachments = service.table(
    "attachments", Attachment, key=("target", "type", "policy"), index={"policies": ("policy",)}, scope="account"
)
handshakes = service.table(
    "handshakes", Handshake, key="id", index={"parties": ("party",), "senders": ("account",)}, scope="global"
)
contacts = service.table("contacts", Contact, key="email", index={"accounts": ("account",)}, scope="global")
delegations = service.table("delegations", Delegation, key=("member", "service"), scope="account")
service_accesses = service.table("service_accesses", ServiceAccess, key="service", scope="account")
resource_policies = service.table("resource_policies", ResourcePolicy, key="id", scope="account")
