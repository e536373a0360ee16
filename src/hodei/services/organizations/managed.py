"""The policies that are AWS's own: attached wherever nothing else is."""

from __future__ import annotations

import json

from hodei.services.organizations.state import Policy

SCP, RCP, TAG_POLICY = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY"


def _allowing(**more: str) -> str:
    statement = {"Effect": "Allow", **more, "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


FULL_ACCESS = {
    SCP: Policy(
        id="p-FullAWSAccess",
        name="FullAWSAccess",
        type=SCP,
        description="Allows access to every operation",
        content=_allowing(),
        managed=True,
    ),
    RCP: Policy(
        id="p-RCPFullAWSAccess",
        name="RCPFullAWSAccess",
        type=RCP,
        description="Allows access to every resource",
        content=_allowing(Principal="*"),
        managed=True,
    ),
}
POLICIES = {policy.id: policy for policy in FULL_ACCESS.values()}
