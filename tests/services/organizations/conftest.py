from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

MANAGEMENT = "000000000000"
MEMBER = "111111111111"
OUTSIDER = "222222222222"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
Refused = Callable[..., AbstractContextManager[None]]


def document(action: Any, effect: str = "Deny", **more: Any) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Organization:
    """An organization, as its management account handles it."""

    def __init__(self, cloud: Cloud, features: str = "ALL") -> None:
        self.cloud = cloud
        self.client = cloud.client("organizations")
        self.id = self.client.create_organization(FeatureSet=features)["Organization"]["Id"]
        self.root = self.client.list_roots()["Roots"][0]["Id"]

    def enable(self, *types: str) -> None:
        for type in types:
            self.client.enable_policy_type(RootId=self.root, PolicyType=type)

    def invite(self, account: str = MEMBER) -> str:
        """An account that was there before."""
        made = self.client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": account})["Handshake"]
        self.cloud.client("organizations", account=account).accept_handshake(HandshakeId=made["Id"])
        return account

    def create(self, name: str = "data") -> str:
        """A new account."""
        asked = self.client.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
        status = self.client.describe_create_account_status(CreateAccountRequestId=asked["Id"])
        return str(status["CreateAccountStatus"]["AccountId"])

    def unit(self, name: str = "unit", parent: str = "") -> str:
        made = self.client.create_organizational_unit(ParentId=parent or self.root, Name=name)
        return str(made["OrganizationalUnit"]["Id"])

    def policy(self, content: str, type: str = SCP, name: str = "policy") -> str:
        made = self.client.create_policy(Content=content, Description="", Name=name, Type=type)
        return str(made["Policy"]["PolicySummary"]["Id"])

    def attach(self, target: str, content: str, type: str = SCP, name: str = "policy") -> str:
        policy = self.policy(content, type, name)
        self.client.attach_policy(PolicyId=policy, TargetId=target)
        return policy

    def move(self, account: str, source: str, destination: str) -> None:
        self.client.move_account(AccountId=account, SourceParentId=source, DestinationParentId=destination)


@pytest.fixture
def organization(cloud: Cloud) -> Organization:
    return Organization(cloud)


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., Callable[[str], Any]]:
    """A new user of an account that may do everything; what makes clients with its key."""

    def user(account: str, policy: str = "") -> Callable[[str], Any]:
        iam = cloud.client("iam", account=account)
        iam.create_user(UserName="ann")
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy or document("*", "Allow"))
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return lambda service: cloud.client(service, **keys)

    return user


@pytest.fixture
def refused() -> Refused:
    """The calls inside fail with that code, a message that contains this, and that reason."""

    @contextmanager
    def refused(code: str, message: str = "", reason: str | None = None) -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        response = caught.value.response
        assert response["Error"]["Code"] == code, response
        assert message in response["Error"]["Message"], response
        assert response.get("Reason") == reason, response

    return refused
