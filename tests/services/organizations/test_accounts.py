from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import MANAGEMENT, MEMBER, OUTSIDER, Organization, Refused

pytestmark = pytest.mark.feature("organizations.accounts")


def test_a_new_account_is_entered_by_its_role(cloud: Cloud, organization: Organization) -> None:
    account = organization.create("data")
    seen = organization.client.describe_account(AccountId=account)["Account"]
    assert seen["Arn"] == f"arn:aws:organizations::{MANAGEMENT}:account/{organization.id}/{account}"
    assert (seen["Name"], seen["Email"], seen["Status"]) == ("data", "data@example.com", "ACTIVE")
    assert (seen["State"], seen["JoinedMethod"]) == ("ACTIVE", "CREATED")
    assert seen["Paths"] == [f"{organization.id}/{organization.root}/{account}/"]
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(
        UserName="ann",
        PolicyName="own",
        PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
    )
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    sts = cloud.client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    found = sts.assume_role(RoleArn=role, RoleSessionName="ann")["Credentials"]
    there = cloud.client(
        "dynamodb",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )
    assert there.list_tables()["TableNames"] == []


def test_making_one_takes_its_time(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    cloud.set("organizations", "account_creation_seconds", 120)
    client = organization.client
    asked = client.create_account(Email="data@example.com", AccountName="data")["CreateAccountStatus"]
    assert asked["State"] == "IN_PROGRESS"
    assert "AccountId" not in asked
    id = {"CreateAccountRequestId": asked["Id"]}
    assert client.describe_create_account_status(**id)["CreateAccountStatus"] == asked
    assert len(client.list_accounts()["Accounts"]) == 1
    cloud.clock.advance(minutes=3)
    done = client.describe_create_account_status(**id)["CreateAccountStatus"]
    assert done["State"] == "SUCCEEDED"
    assert done["CompletedTimestamp"] > asked["RequestedTimestamp"]
    assert done["AccountId"] in {one["Id"] for one in client.list_accounts()["Accounts"]}
    with refused("CreateAccountStatusNotFoundException"):
        client.describe_create_account_status(CreateAccountRequestId="car-00000000")


def test_an_address_serves_once(organization: Organization) -> None:
    client = organization.client
    organization.create("data")
    client.create_account(Email="Data@example.com", AccountName="again")
    (failed,) = client.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]
    assert failed["FailureReason"] == "EMAIL_ALREADY_EXISTS"
    assert len(client.list_create_account_status()["CreateAccountStatuses"]) == 2
    assert len(client.list_accounts()["Accounts"]) == 2


def test_there_are_only_so_many(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    cloud.quota("organizations", "accounts", 3)
    organization.create("a")
    target = {"Type": "ACCOUNT", "Id": MEMBER}
    invitation = organization.client.invite_account_to_organization(Target=target)["Handshake"]["Id"]
    with refused("ConstraintViolationException", "number of AWS accounts", "ACCOUNT_NUMBER_LIMIT_EXCEEDED"):
        organization.create("b")
    with refused("HandshakeConstraintViolationException", reason="ACCOUNT_NUMBER_LIMIT_EXCEEDED"):
        organization.invite(OUTSIDER)
    organization.client.cancel_handshake(HandshakeId=invitation)
    organization.create("b")


def test_bad_requests(organization: Organization, refused: Refused) -> None:
    client = organization.client
    with refused("InvalidInputException", reason="INVALID_ROLE_NAME"):
        client.create_account(Email="a@example.com", AccountName="a", RoleName="AWSServiceRoleForX")
    with refused("InvalidInputException", reason="INVALID_PATTERN"):
        client.create_account(Email="nobody", AccountName="a")
    with refused("InvalidInputException", reason="MAX_VALUE_EXCEEDED"):
        client.list_accounts(MaxResults=21)
    with refused("InvalidInputException", reason="INVALID_NEXT_TOKEN"):
        client.list_accounts(NextToken="x")
    with refused("InvalidInputException", reason="INVALID_ENUM_POLICY_TYPE"):
        client.list_policies(Filter="NONE")
    with refused("AccountNotFoundException"):
        client.describe_account(AccountId=OUTSIDER)


def test_created_accounts_stay_a_week(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    account = organization.create()
    with refused("ConstraintViolationException", reason="WAIT_PERIOD_ACTIVE"):
        organization.client.remove_account_from_organization(AccountId=account)
    cloud.clock.advance(days=7)
    organization.client.remove_account_from_organization(AccountId=account)
    with refused("AccountNotFoundException"):
        organization.client.remove_account_from_organization(AccountId=account)
    with refused("MasterCannotLeaveOrganizationException"):
        organization.client.remove_account_from_organization(AccountId=MANAGEMENT)


def test_closing(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    cloud.set("organizations", "account_closure_seconds", 60)
    client, account = organization.client, organization.create()

    def status() -> Any:
        return client.describe_account(AccountId=account)["Account"]["Status"]

    client.close_account(AccountId=account)
    assert status() == "PENDING_CLOSURE"
    with refused("AccountAlreadyClosedException"):
        client.close_account(AccountId=account)
    cloud.clock.advance(minutes=2)
    assert status() == "SUSPENDED"
    with refused("ConstraintViolationException", reason="CANNOT_CLOSE_MANAGEMENT_ACCOUNT"):
        client.close_account(AccountId=MANAGEMENT)
    cloud.clock.advance(days=90)
    with refused("AccountNotFoundException"):
        status()


def test_lists_come_in_pages(organization: Organization) -> None:
    made = {MANAGEMENT, *(organization.create(f"a{number}") for number in range(3))}
    pages = list(organization.client.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Accounts"]) for page in pages] == [3, 1]
    assert {one["Id"] for page in pages for one in page["Accounts"]} == made


def test_an_invitation_is_accepted(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    client, invited = organization.client, cloud.client("organizations", account=MEMBER)
    made = client.invite_account_to_organization(
        Target={"Type": "ACCOUNT", "Id": MEMBER}, Notes="welcome", Tags=[{"Key": "team", "Value": "data"}]
    )["Handshake"]
    assert (made["State"], made["Action"]) == ("OPEN", "INVITE")
    assert made["Parties"] == [{"Id": organization.id, "Type": "ORGANIZATION"}, {"Id": MEMBER, "Type": "ACCOUNT"}]
    assert made["ExpirationTimestamp"].timestamp() - made["RequestedTimestamp"].timestamp() == 15 * 86400
    assert {"Type": "NOTES", "Value": "welcome"} in made["Resources"]
    with refused("DuplicateHandshakeException"):
        client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": MEMBER})
    assert invited.list_handshakes_for_account()["Handshakes"] == [made]
    assert client.list_handshakes_for_organization(Filter={"ActionType": "INVITE"})["Handshakes"] == [made]
    id = {"HandshakeId": made["Id"]}
    with refused("AccessDeniedException"):
        cloud.client("organizations", account=OUTSIDER).accept_handshake(**id)
    assert invited.accept_handshake(**id)["Handshake"]["State"] == "ACCEPTED"
    assert invited.describe_handshake(**id)["Handshake"]["State"] == "ACCEPTED"
    with refused("HandshakeAlreadyInStateException"):
        invited.accept_handshake(**id)
    with refused("InvalidHandshakeTransitionException"):
        invited.decline_handshake(**id)
    joined = client.describe_account(AccountId=MEMBER)["Account"]
    assert joined["JoinedMethod"] == "INVITED"
    assert client.list_tags_for_resource(ResourceId=MEMBER)["Tags"] == [{"Key": "team", "Value": "data"}]
    with refused("HandshakeNotFoundException"):
        invited.accept_handshake(HandshakeId="h-00000000")


def test_an_invitation_is_declined_or_cancelled(cloud: Cloud, organization: Organization) -> None:
    client, invited = organization.client, cloud.client("organizations", account=MEMBER)
    target = {"Type": "EMAIL", "Id": f"root+{MEMBER}@example.com"}
    first = client.invite_account_to_organization(Target=target)["Handshake"]["Id"]
    assert invited.decline_handshake(HandshakeId=first)["Handshake"]["State"] == "DECLINED"
    second = client.invite_account_to_organization(Target=target)["Handshake"]["Id"]
    assert client.cancel_handshake(HandshakeId=second)["Handshake"]["State"] == "CANCELED"
    assert len(client.list_accounts()["Accounts"]) == 1
    assert len(client.list_handshakes_for_organization()["Handshakes"]) == 2
    cloud.clock.advance(days=31)
    assert client.list_handshakes_for_organization()["Handshakes"] == []


def test_an_invitation_expires(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    client, invited = organization.client, cloud.client("organizations", account=MEMBER)
    made = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": MEMBER})["Handshake"]["Id"]
    cloud.clock.advance(days=15)
    assert invited.describe_handshake(HandshakeId=made)["Handshake"]["State"] == "EXPIRED"
    with refused("InvalidHandshakeTransitionException"):
        invited.accept_handshake(HandshakeId=made)
    organization.invite()


def test_whom_an_invitation_may_name(organization: Organization, refused: Refused) -> None:
    for target, reason in (
        ({"Type": "ORGANIZATION", "Id": "o-exampleorgid"}, "INVALID_PARTY_TYPE_TARGET"),
        ({"Type": "ACCOUNT", "Id": "12"}, "INVALID_PATTERN_TARGET_ID"),
    ):
        with refused("InvalidInputException", reason=reason):
            organization.client.invite_account_to_organization(Target=target)
