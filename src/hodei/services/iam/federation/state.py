"""Identity providers whose users may become roles."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.iam.service import iam


class OidcProvider(Record):
    """`url` is without its scheme, as in the ARN."""

    arn: str
    url: str
    created: float
    clients: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: dict[str, str] = {}


class PrivateKey(Record):
    """With which encrypted assertions are read."""

    id: str
    pem: str
    added: float


class SamlProvider(Record):
    arn: str
    name: str
    uuid: str
    created: float
    metadata: str
    valid_until: float
    encryption: str = ""  # Required, Allowed
    keys: tuple[PrivateKey, ...] = ()
    tags: dict[str, str] = {}


class Issuer(Record):
    """An account that gives out tokens; its private keys are sealed."""

    id: str
    account: str
    rs256: bytes
    es384: bytes
    enabled: bool = False


oidc_providers = iam.table("oidc_providers", OidcProvider, key="arn", scope="account")
saml_providers = iam.table("saml_providers", SamlProvider, key="arn", scope="account")
issuers = iam.table("issuers", Issuer, key="id", index={"accounts": ("account",)}, scope="global")
