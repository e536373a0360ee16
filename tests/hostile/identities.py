"""Of everything that IAM has one or two, and what requests may name of it."""

from __future__ import annotations

import json
from typing import Any

from hodei.testing import Cloud

ACCOUNT = "000000000000"
ARN = f"arn:aws:iam::{ACCOUNT}:"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


ALLOW = _policy(Action="s3:*", Resource="*")
TRUST = _policy(Action="sts:AssumeRole", Principal={"AWS": ACCOUNT})
NAMES: dict[str, list[Any]] = {
    "UserName": ["ada", "ada", "ADA", "bob", "new", "a b", "a" * 65],
    "NewUserName": ["new", "bob", "ada"],
    "GroupName": ["devs", "devs", "new", "x/y"],
    "NewGroupName": ["new", "devs"],
    "RoleName": ["worker", "worker", "AWSServiceRoleForECS", "new", "é"],
    "InstanceProfileName": ["profile", "profile", "new"],
    "PolicyName": ["mine", "inline", "new", "a b"],
    "Path": ["/", "/x/", "x", "/" + "x" * 511],
    "NewPath": ["/", "/x/", "x"],
    "PathPrefix": ["/", "/x", "x"],
    "PolicyArn": [f"{ARN}policy/mine", READ_ONLY, f"{ARN}policy/none", "arn:aws:iam::aws:policy/x/y", "x" * 20],
    "PermissionsBoundary": [f"{ARN}policy/mine", READ_ONLY, "x" * 20],
    "PolicySourceArn": [f"{ARN}user/ada", f"{ARN}role/worker", f"{ARN}group/devs", f"{ARN}root", "x" * 20],
    "Arn": [f"{ARN}user/ada", f"{ARN}role/worker", f"{ARN}group/devs", "x" * 20],
    "CallerArn": [f"{ARN}user/ada", f"{ARN}role/worker", "x"],
    "ResourceOwner": [f"{ARN}root", "x"],
    "VersionId": ["v1", "v2", "v999999999999999999999", "v1.x", "x"],
    "PolicyDocument": [ALLOW, ALLOW, TRUST, "{}", "[]", "x", '{"Statement":7}', ALLOW + " " * 9000, "\x00"],
    "ResourcePolicy": [_policy(Action="s3:*", Resource="*", Principal="*"), ALLOW],
    "PolicyInputList": [[ALLOW], [ALLOW, _policy(NotAction="s3:*", NotResource="*")], [TRUST], ["x"], []],
    "PermissionsBoundaryPolicyInputList": [[ALLOW], ["{}"]],
    "ServiceControlPolicyInputList": [[ALLOW], ["{}"]],
    "AssumeRolePolicyDocument": [TRUST, TRUST, ALLOW, "{}", TRUST.replace(ACCOUNT, f"{ARN}user/none")],
    "ActionNames": [["s3:GetObject"], ["s3:GetObject", "iam:PassRole"], ["s3:*"], ["xxx"]],
    "ResourceArns": [["*"], ["arn:aws:s3:::b/a", "arn:aws:s3:::b"], ["x", ":::::"]],
    "ContextKeyName": ["aws:SourceIp", "aws:username"],
    "ServiceNamespaces": [["s3"], ["s3", "iam", ""]],
    "AWSServiceName": ["batch.amazonaws.com", "autoscaling.amazonaws.com", "ecs.amazonaws.com", "x"],
    "CustomSuffix": ["x", "x y"],
    "ServiceName": ["codecommit.amazonaws.com", "bedrock.amazonaws.com", "x"],
    "VirtualMFADeviceName": ["new", "phone", "a b"],
    "SerialNumber": [f"{ARN}mfa/phone", f"{ARN}mfa/none", "GAHT12345678"],
    "AuthenticationCode1": ["123456", "12345"],
    "AuthenticationCode2": ["123456", "١٢٣٤٥٦"],
    "Url": ["https://new.example", "https://idp.example", "https://", "x", "https://[::1"],
    "OpenIDConnectProviderArn": [f"{ARN}oidc-provider/idp.example", f"{ARN}oidc-provider/none", "x" * 20],
    "SAMLProviderArn": [f"{ARN}saml-provider/none", "x" * 20],
    "SAMLMetadataDocument": ["<x>" * 400, "x" * 1000, "<?xml version='1.0'?><a>" + " " * 1000 + "</a>"],
    "AddPrivateKey": ["x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"],
    "CertificateBody": ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
    "SSHPublicKeyBody": [
        "ssh-rsa AAAA",
        "ssh-rsa",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "\xff",
    ],
    "Password": ["Correct-horse1", "x", "\xff" * 9],
    "NewPassword": ["Correct-horse2", "x"],
    "Status": ["Active", "Inactive", "Expired", "x"],
    "AccountAlias": ["acme", "new", "a--b"],
    "Tags": [[{"Key": "a", "Value": "b"}], [{"Key": "a", "Value": "b"}, {"Key": "A", "Value": ""}], []],
    "TagKeys": [["a"], ["x", "A"], []],
    "Marker": ["x", "AAAA"],
    "MaxItems": [1, 2, 1000, 0, 1001],
}


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    """Fill the account; gives the names that requests may use."""
    iam = cloud.client("iam")
    for name in ("ada", "bob"):
        iam.create_user(UserName=name, Tags=[{"Key": "a", "Value": "b"}])
    iam.create_group(GroupName="devs")
    iam.add_user_to_group(GroupName="devs", UserName="ada")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="worker")
    mine = iam.create_policy(PolicyName="mine", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=mine, PolicyDocument=ALLOW)
    iam.attach_user_policy(UserName="ada", PolicyArn=mine)
    iam.attach_role_policy(RoleName="worker", PolicyArn=READ_ONLY)
    iam.put_user_policy(UserName="ada", PolicyName="inline", PolicyDocument=ALLOW)
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=mine)
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    iam.create_login_profile(UserName="ada", Password="Correct-horse1")
    iam.create_account_alias(AccountAlias="acme")
    iam.create_open_id_connect_provider(Url="https://idp.example", ClientIDList=["a"])
    iam.generate_credential_report()
    key = iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]
    credential = iam.create_service_specific_credential(UserName="ada", ServiceName="codecommit.amazonaws.com")
    id = credential["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    return NAMES | {"AccessKeyId": [key, "AKIA0000000000000000"], "ServiceSpecificCredentialId": [id, "x" * 20]}
