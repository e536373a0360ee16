from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import document

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]


def test_an_alias_belongs_to_one_account(cloud: Cloud, iam: Any, refused: Refused) -> None:
    iam.create_account_alias(AccountAlias="first")
    iam.create_account_alias(AccountAlias="acme")
    assert iam.list_account_aliases()["AccountAliases"] == ["acme"]
    other = cloud.client("iam", account="123456789012")
    with refused("EntityAlreadyExists", "The account alias acme already exists.", 409):
        other.create_account_alias(AccountAlias="acme")
    other.create_account_alias(AccountAlias="first")
    with refused("NoSuchEntity", status=404):
        iam.delete_account_alias(AccountAlias="first")
    iam.delete_account_alias(AccountAlias="acme")
    assert iam.list_account_aliases()["AccountAliases"] == []
    other.create_account_alias(AccountAlias="acme")


def test_the_summary_counts(iam: Any, user: str, role: str) -> None:
    before = iam.get_account_summary()["SummaryMap"]
    assert (before["Users"], before["Roles"], before["Groups"]) == (1, 1, 0)
    assert (before["UsersQuota"], before["AssumeRolePolicySizeQuota"]) == (5000, 2048)
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    iam.create_access_key()
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    after = iam.get_account_summary()["SummaryMap"]
    changed = {name: value for name, value in after.items() if value != before[name]}
    assert changed == {
        "Policies": 1, "PolicyVersionsInUse": 2, "AccountAccessKeysPresent": 1, "MFADevices": 1,
        "GlobalEndpointTokenVersion": 2,
    }  # fmt: skip


def test_the_credential_report(cloud: Cloud, iam: Any, user: str, refused: Refused) -> None:
    with refused("ReportNotPresent", status=410):
        iam.get_credential_report()
    iam.create_login_profile(UserName=user, Password="Correct-horse1")
    iam.update_account_password_policy(MaxPasswordAge=30)
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report() | {"ResponseMetadata": 0} == {"State": "COMPLETE", "ResponseMetadata": 0}
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    root, row = csv.DictReader(io.StringIO(report["Content"].decode()))
    assert (root["user"], root["arn"]) == ("<root_account>", "arn:aws:iam::000000000000:root")
    assert (row["user"], row["password_enabled"], row["mfa_active"]) == (user, "true", "false")
    assert (row["access_key_1_active"], row["access_key_1_last_used_date"]) == ("false", "N/A")
    assert row["password_next_rotation"] > row["password_last_changed"]
    iam.create_user(UserName="later")
    cloud.clock.advance(hours=3)
    iam.generate_credential_report()
    assert iam.get_credential_report()["Content"] == report["Content"]
    cloud.clock.advance(hours=2)
    with refused("ReportExpired", status=410):
        iam.get_credential_report()
    iam.generate_credential_report()
    assert b"later" in iam.get_credential_report()["Content"]


def test_everything_at_once(iam: Any, user: str, role: str) -> None:
    iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=document())
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName=user)
    own = iam.create_policy(PolicyName="own", PolicyDocument=document())["Policy"]["Arn"]
    aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_group_policy(GroupName="g", PolicyArn=aws)
    iam.attach_role_policy(RoleName=role, PolicyArn=own)
    iam.create_instance_profile(InstanceProfileName="ip")
    iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName=role)
    found = iam.get_account_authorization_details()
    (one,) = found["UserDetailList"]
    assert (one["GroupList"], one["UserPolicyList"][0]["PolicyName"]) == (["g"], "inline")
    assert found["GroupDetailList"][0]["AttachedManagedPolicies"] == [
        {"PolicyName": "ReadOnlyAccess", "PolicyArn": aws}
    ]
    (detail,) = found["RoleDetailList"]
    assert detail["InstanceProfileList"][0]["InstanceProfileName"] == "ip"
    assert detail["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert [policy["PolicyName"] for policy in found["Policies"]] == ["own", "ReadOnlyAccess"]
    assert found["Policies"][0]["PolicyVersionList"][0]["Document"]["Statement"]
    only = iam.get_account_authorization_details(Filter=["Role", "AWSManagedPolicy"])
    assert (only["UserDetailList"], len(only["RoleDetailList"]), len(only["Policies"])) == ([], 1, 1)
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 2}))
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert [policy for page in pages for policy in page["Policies"]] == found["Policies"]


def test_what_is_left_out_says_so(iam: Any, refused: Refused) -> None:
    with refused("NotImplemented", "iam:ListDelegationRequests", 501):
        iam.list_delegation_requests()
