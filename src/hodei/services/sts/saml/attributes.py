"""What an assertion says of a session: its name, roles, tags, and the condition keys of trust policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
"""

from __future__ import annotations

import base64
import hashlib
import re

from hodei.services.sts import errors
from hodei.services.sts.saml.response import Assertion

NAMESPACE = "https://aws.amazon.com/SAML/Attributes/"
TAG = f"{NAMESPACE}PrincipalTag:"
NAME = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")

_PERSON, _ORGANISATION = "urn:oid:1.3.6.1.4.1.5923.1.1.1.", "urn:oid:1.3.6.1.4.1.5923.1.2.1."
_CLAIMS, _PILOT = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/", "urn:oid:0.9.2342.19200300.100.1."
CONDITION_KEYS = {
    f"{_PERSON}1": "edupersonaffiliation",
    f"{_PERSON}2": "edupersonnickname",
    f"{_PERSON}3": "edupersonorgdn",
    f"{_PERSON}4": "edupersonorgunitdn",
    f"{_PERSON}5": "edupersonprimaryaffiliation",
    f"{_PERSON}6": "edupersonprincipalname",
    f"{_PERSON}7": "edupersonentitlement",
    f"{_PERSON}8": "edupersonprimaryorgunitdn",
    f"{_PERSON}9": "edupersonscopedaffiliation",
    f"{_PERSON}10": "edupersontargetedid",
    f"{_PERSON}11": "edupersonassurance",
    f"{_ORGANISATION}2": "eduorghomepageuri",
    f"{_ORGANISATION}3": "eduorgidentityauthnpolicyuri",
    f"{_ORGANISATION}4": "eduorglegalname",
    f"{_ORGANISATION}5": "eduorgsuperioruri",
    f"{_ORGANISATION}6": "eduorgwhitepagesuri",
    "urn:oid:2.5.4.3": "cn",
    "urn:oid:2.5.4.4": "surname",
    "urn:oid:2.5.4.41": "name",
    "urn:oid:2.5.4.42": "givenName",
    "urn:oid:2.5.4.45": "x500UniqueIdentifier",
    f"{_PILOT}1": "uid",
    f"{_PILOT}3": "mail",
    f"{_PILOT}45": "organizationStatus",
    f"{_CLAIMS}name": "name",
    f"{_CLAIMS}givenname": "givenName",
    f"{_CLAIMS}surname": "surname",
    f"{_CLAIMS}emailaddress": "mail",
    "http://schemas.xmlsoap.org/claims/CommonName": "commonName",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": "primaryGroupSID",
}


def session_name(assertion: Assertion) -> str:
    """Raises: InvalidIdentityToken."""
    given = assertion.attributes.get(f"{NAMESPACE}RoleSessionName")
    if not given:
        raise errors.InvalidIdentityToken("RoleSessionName is required in AuthnResponse")
    if not NAME.fullmatch(given[0]):
        raise errors.InvalidIdentityToken(f"RoleSessionName in AuthnResponse must match {NAME.pattern}")
    return given[0]


def source_identity(assertion: Assertion) -> str:
    """Raises: InvalidIdentityToken."""
    (given,) = assertion.attributes.get(f"{NAMESPACE}SourceIdentity") or [""]
    if given and not NAME.fullmatch(given):
        raise errors.InvalidIdentityToken(f'Source Identity must match {NAME.pattern} and not begin with "aws:"')
    return given


def roles(assertion: Assertion) -> list[frozenset[str]]:
    """The pairs of a role and a provider that the user may choose from. Raises: InvalidIdentityToken."""
    given = assertion.attributes.get(f"{NAMESPACE}Role")
    if not given:
        raise errors.InvalidIdentityToken("Your request included an invalid SAML response.")
    return [frozenset(part.strip() for part in pair.split(",")) for pair in given]


def tags(assertion: Assertion) -> tuple[dict[str, str], list[str]]:
    """The session tags and the keys of transitive ones. Raises: InvalidIdentityToken."""
    given = {name.removeprefix(TAG): values for name, values in assertion.attributes.items() if name.startswith(TAG)}
    if any(len(values) != 1 for values in given.values()):
        raise errors.InvalidIdentityToken("A session tag must have one value")
    transitive = assertion.attributes.get(f"{NAMESPACE}TransitiveTagKeys", [])
    return {key: values[0] for key, values in given.items()}, transitive


def name_qualifier(assertion: Assertion, account: str, provider: str) -> str:
    """With the subject it is one user. `provider` is the friendly name of the provider in IAM."""
    digest = hashlib.sha1(f"{assertion.issuer}{account}/{provider}".encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def context(assertion: Assertion, account: str, provider: str) -> dict[str, list[str]]:
    """The condition keys that trust policies can ask of, in lower case."""
    found = {
        "aud": [assertion.recipient],
        "doc": [f"{account}/{provider}"],
        "iss": [assertion.issuer],
        "namequalifier": [name_qualifier(assertion, account, provider)],
        "sub": [assertion.subject],
        "sub_type": [assertion.subject_type],
    }
    for name, values in assertion.attributes.items():
        if (key := CONDITION_KEYS.get(name)) and values:
            found.setdefault(key, values)
    return {f"saml:{key}".lower(): values for key, values in found.items()}
