"""AssumeRoleWithSAML: a role for whom a SAML identity provider vouches."""

from __future__ import annotations

import re
from typing import Any

import hodei.services.iam.api as iam
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal
from hodei.kernel.iam.keys import Session
from hodei.services.sts import errors, places, roles, rules
from hodei.services.sts.policies import Descriptors
from hodei.services.sts.saml import attributes, response
from hodei.services.sts.saml.response import Assertion
from hodei.services.sts.service import sts

REDEEMED_WITHIN = 300.0  # seconds after an assertion was issued
AUDIENCES = re.compile(r"urn:amazon:webservices|https://([a-z0-9-]+\.)?signin\.aws\.amazon\.com/saml(/acs/\w+)?")


@sts.operation("AssumeRoleWithSAML")
def assume_role_with_saml(
    ctx: Context,
    *,
    RoleArn: str,
    PrincipalArn: str,
    SAMLAssertion: str,
    PolicyArns: Descriptors = (),
    Policy: str = "",
    DurationSeconds: int = roles.DEFAULT_SECONDS,
) -> dict[str, Any]:
    rules.check_arn(RoleArn)
    rules.check_arn(PrincipalArn)
    account, name = Arn.parse(PrincipalArn).account, PrincipalArn.rpartition("/")[2]
    assertion = _verified(ctx, account, PrincipalArn, SAMLAssertion)
    if {RoleArn, PrincipalArn} not in attributes.roles(assertion) or Arn.parse(RoleArn).account != account:
        raise errors.AccessDenied("Not authorized to perform sts:AssumeRoleWithSAML")
    tags, transitive = attributes.tags(assertion)
    wish = roles.Wish(
        action="sts:AssumeRoleWithSAML",
        role=RoleArn,
        name=attributes.session_name(assertion),
        policy=Policy,
        policies=PolicyArns,
        seconds=DurationSeconds,
        until=assertion.session_ends,
        tags=tags,
        transitive=transitive,
        source_identity=attributes.source_identity(assertion),
    )
    known = attributes.context(assertion, account, name)
    proof = Session(name="", issuer="", provider=PrincipalArn, context=known)
    caller = Principal(account="", arn=PrincipalArn, kind="web-identity", session=proof)
    return roles.assume(ctx.by(caller), wish) | {
        "Subject": assertion.subject,
        "SubjectType": assertion.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": attributes.name_qualifier(assertion, account, name),
    }


def _verified(ctx: Context, account: str, arn: str, text: str) -> Assertion:
    """Raises: InvalidIdentityToken, ExpiredTokenException."""
    provider = iam.saml_provider(places.iam(ctx, account), arn)
    if provider is None:
        raise errors.InvalidIdentityToken("Specified provider doesn't exist")
    metadata = iam.saml_metadata(provider)
    assertion = response.read(text, metadata.certificates, [key.pem for key in provider.keys])
    if assertion.issuer != metadata.entity:
        raise errors.InvalidIdentityToken("Issuer not present in specified provider")
    if provider.encryption == "Required" and not assertion.encrypted:
        raise errors.InvalidIdentityToken("The provider requires encrypted assertions")
    if not (AUDIENCES.fullmatch(assertion.recipient) and any(map(AUDIENCES.fullmatch, assertion.audiences))):
        raise errors.InvalidIdentityToken("Response does not contain the required audience.")
    if assertion.begins > ctx.now:
        raise errors.InvalidIdentityToken("Response is not valid yet")
    if assertion.ends <= ctx.now:
        raise errors.ExpiredToken("Response has expired")
    if assertion.issued + REDEEMED_WITHIN < ctx.now:
        raise errors.ExpiredToken("Token must be redeemed within 5 minutes of issuance")
    return assertion
