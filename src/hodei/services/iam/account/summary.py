"""How much there is of everything, and how much there may be."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.iam.account import aliases
from hodei.services.iam.credentials.signing_certificates import MOST as SIGNING_CERTIFICATES
from hodei.services.iam.credentials.state import (
    access_keys,
    login_profiles,
    mfa_devices,
    server_certificates,
    signing_certificates,
)
from hodei.services.iam.federation.state import oidc_providers, saml_providers
from hodei.services.iam.policies.versions import MOST as VERSIONS
from hodei.services.iam.service import iam
from hodei.services.iam.state import groups, policies, profiles, roles, users

QUOTAS = {
    "UsersQuota": "users",
    "GroupsQuota": "groups",
    "ServerCertificatesQuota": "server-certificates",
    "UserPolicySizeQuota": "inline-policies-length-user",
    "GroupPolicySizeQuota": "inline-policies-length-group",
    "GroupsPerUserQuota": "groups-per-user",
    "AccessKeysPerUserQuota": "access-keys-per-user",
    "AttachedPoliciesPerGroupQuota": "managed-policies-per-group",
    "AttachedPoliciesPerRoleQuota": "managed-policies-per-role",
    "AttachedPoliciesPerUserQuota": "managed-policies-per-user",
    "PoliciesQuota": "managed-policies",
    "PolicySizeQuota": "managed-policy-length",
    "AssumeRolePolicySizeQuota": "role-trust-policy-length",
    "InstanceProfilesQuota": "instance-profiles",
    "RolePolicySizeQuota": "inline-policies-length-role",
    "RolesQuota": "roles",
}
POLICY_VERSIONS = 10_000  # in use, in an account


@iam.operation("GetAccountSummary")
def get_account_summary(ctx: Context) -> dict[str, Any]:
    summary = {
        "Users": users.count(ctx),
        "Groups": groups.count(ctx),
        "Roles": roles.count(ctx),
        "InstanceProfiles": profiles.count(ctx),
        "ServerCertificates": server_certificates.count(ctx),
        "Providers": oidc_providers.count(ctx) + saml_providers.count(ctx),
        "Policies": policies.count(ctx),
        "PolicyVersionsInUse": sum(len(policy.versions) for policy in policies.scan(ctx)),
        "MFADevices": mfa_devices.count(ctx),
        "MFADevicesInUse": mfa_devices.count(ctx, index="owners"),
        "AccountMFAEnabled": int(mfa_devices.count(ctx, ctx.account, index="owners") > 0),
        "AccountPasswordPresent": int(login_profiles.get(ctx, ctx.account) is not None),
        "AccountAccessKeysPresent": int(access_keys.count(ctx, ctx.account) > 0),
        "AccountSigningCertificatesPresent": int(signing_certificates.count(ctx, ctx.account) > 0),
        "GlobalEndpointTokenVersion": aliases.of(ctx).token_version,
        "SigningCertificatesPerUserQuota": SIGNING_CERTIFICATES,
        "PolicyVersionsInUseQuota": POLICY_VERSIONS,
        "VersionsPerPolicyQuota": VERSIONS,
    }
    return {"SummaryMap": summary | {name: int(ctx.quota(key)) for name, key in QUOTAS.items()}}
