from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import MANAGEMENT, MEMBER, OUTSIDER, Organization, Refused

pytestmark = pytest.mark.feature("organizations.accounts")


def test_is_seen_alike_by_all_its_accounts(cloud: Cloud, organization: Organization) -> None:
    organization.invite()
    seen = organization.client.describe_organization()["Organization"]
    assert seen["Id"] == organization.id
    assert seen["Arn"] == f"arn:aws:organizations::{MANAGEMENT}:organization/{organization.id}"
    assert seen["MasterAccountId"] == MANAGEMENT
    assert seen["FeatureSet"] == "ALL"
    member = cloud.client("organizations", account=MEMBER, region_name="eu-west-1")
    assert member.describe_organization()["Organization"] == seen
    (root,) = organization.client.list_roots()["Roots"]
    assert root["Name"] == "Root"
    assert root["PolicyTypes"] == []


def test_without_one_nothing_goes(cloud: Cloud, refused: Refused) -> None:
    client = cloud.client("organizations")
    for call in (client.describe_organization, client.list_accounts, client.list_roots, client.delete_organization):
        with refused("AWSOrganizationsNotInUseException", "Your account is not a member of an organization."):
            call()


def test_an_account_is_in_one_only(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    organization.invite()
    for account in (MANAGEMENT, MEMBER):
        with refused("AlreadyInOrganizationException"):
            cloud.client("organizations", account=account).create_organization()
    with refused("HandshakeConstraintViolationException", reason="ALREADY_IN_AN_ORGANIZATION"):
        organization.client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": MEMBER})


def test_is_deleted_when_only_the_management_account_is_left(
    cloud: Cloud, organization: Organization, refused: Refused
) -> None:
    organization.invite()
    with refused("OrganizationNotEmptyException", "you must first remove all member accounts"):
        organization.client.delete_organization()
    with refused("MasterCannotLeaveOrganizationException"):
        organization.client.leave_organization()
    cloud.client("organizations", account=MEMBER).leave_organization()
    organization.client.delete_organization()
    with refused("AWSOrganizationsNotInUseException"):
        organization.client.describe_organization()
    assert Organization(cloud).id != organization.id


def test_members_ask_little(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    organization.invite()
    member = cloud.client("organizations", account=MEMBER)
    calls: list[Any] = [
        member.list_accounts,
        member.list_roots,
        lambda: member.describe_account(AccountId=MEMBER),
        lambda: member.create_account(Email="a@example.com", AccountName="a"),
        lambda: member.create_organizational_unit(ParentId=organization.root, Name="u"),
        lambda: member.remove_account_from_organization(AccountId=MEMBER),
    ]
    for call in calls:
        with refused("AccessDeniedException", "You don't have permissions to access this resource."):
            call()


def test_a_delegated_administrator_may_read(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    organization.invite()
    client, member = organization.client, cloud.client("organizations", account=MEMBER)
    delegate = {"AccountId": MEMBER, "ServicePrincipal": "config.amazonaws.com"}
    with refused("ConstraintViolationException", reason="SERVICE_ACCESS_NOT_ENABLED"):
        client.register_delegated_administrator(**delegate)
    client.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    (access,) = client.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert access["ServicePrincipal"] == "config.amazonaws.com"
    client.register_delegated_administrator(**delegate)
    with refused("AccountAlreadyRegisteredException"):
        client.register_delegated_administrator(**delegate)
    assert {one["Id"] for one in member.list_accounts()["Accounts"]} == {MANAGEMENT, MEMBER}
    assert member.describe_account(AccountId=MANAGEMENT)["Account"]["Id"] == MANAGEMENT
    with refused("AccessDeniedException"):
        member.create_organizational_unit(ParentId=organization.root, Name="u")
    (admin,) = client.list_delegated_administrators(ServicePrincipal="config.amazonaws.com")["DelegatedAdministrators"]
    assert admin["Id"] == MEMBER
    (service,) = client.list_delegated_services_for_account(AccountId=MEMBER)["DelegatedServices"]
    assert service["ServicePrincipal"] == "config.amazonaws.com"
    with refused("ConstraintViolationException", reason="CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"):
        member.leave_organization()
    client.deregister_delegated_administrator(**delegate)
    with refused("AccountNotRegisteredException"):
        client.deregister_delegated_administrator(**delegate)
    with refused("AccountNotRegisteredException"):
        client.list_delegated_services_for_account(AccountId=MEMBER)
    with refused("AccessDeniedException"):
        member.list_accounts()
    client.disable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    assert client.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []


def test_who_can_be_delegated_to(organization: Organization, refused: Refused) -> None:
    client = organization.client
    client.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    with refused("ConstraintViolationException", reason="CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"):
        client.register_delegated_administrator(AccountId=MANAGEMENT, ServicePrincipal="config.amazonaws.com")
    with refused("AccountNotFoundException", "You specified an account that doesn't exist."):
        client.register_delegated_administrator(AccountId=OUTSIDER, ServicePrincipal="config.amazonaws.com")
    with refused("InvalidInputException", reason="UNRECOGNIZED_SERVICE_PRINCIPAL"):
        client.enable_aws_service_access(ServicePrincipal="config")


def test_its_resource_policy_lets_members_do_more(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    organization.invite()
    client, member = organization.client, cloud.client("organizations", account=MEMBER)
    with refused("ResourcePolicyNotFoundException"):
        client.describe_resource_policy()
    content = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111111111111"},'
        ' "Action": ["organizations:CreatePolicy", "organizations:ListPolicies"], "Resource": "*",'
        ' "Condition": {"StringEquals": {"organizations:PolicyType": "TAG_POLICY"}}}]}'
    )
    put = client.put_resource_policy(Content=content)["ResourcePolicy"]
    assert put["Content"] == content
    assert client.describe_resource_policy()["ResourcePolicy"] == put
    made = {"Description": "", "Name": "p", "Content": '{"tags": {"a": {"tag_key": {"@@assign": "A"}}}}'}
    member.create_policy(Type="TAG_POLICY", **made)
    assert [one["Name"] for one in member.list_policies(Filter="TAG_POLICY")["Policies"]] == ["p"]
    with refused("AccessDeniedException"):
        member.list_policies(Filter="SERVICE_CONTROL_POLICY")
    with refused("InvalidInputException", reason="INVALID_RESOURCE_POLICY_JSON"):
        client.put_resource_policy(Content="{")
    client.delete_resource_policy()
    with refused("AccessDeniedException"):
        member.list_policies(Filter="TAG_POLICY")


def test_all_features_are_enabled_when_everybody_agrees(cloud: Cloud, refused: Refused) -> None:
    organization = Organization(cloud, "CONSOLIDATED_BILLING")
    organization.invite()
    client, member = organization.client, cloud.client("organizations", account=MEMBER)
    assert cloud.client("iam", account=MEMBER).list_roles()["Roles"] == []
    with refused("PolicyTypeNotAvailableForOrganizationException"):
        organization.enable("SERVICE_CONTROL_POLICY")
    with refused("ConstraintViolationException", reason="ORGANIZATION_NOT_IN_ALL_FEATURES_MODE"):
        client.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    whole = client.enable_all_features()["Handshake"]
    assert (whole["Action"], whole["State"]) == ("ENABLE_ALL_FEATURES", "REQUESTED")
    with refused("HandshakeConstraintViolationException", reason="INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"):
        organization.invite(OUTSIDER)
    with refused("InvalidHandshakeTransitionException"):
        client.accept_handshake(HandshakeId=whole["Id"])
    (approval,) = member.list_handshakes_for_account(Filter={"ActionType": "APPROVE_ALL_FEATURES"})["Handshakes"]
    member.accept_handshake(HandshakeId=approval["Id"])
    assert client.describe_organization()["Organization"]["FeatureSet"] == "CONSOLIDATED_BILLING"
    assert client.accept_handshake(HandshakeId=whole["Id"])["Handshake"]["State"] == "ACCEPTED"
    assert client.describe_organization()["Organization"]["FeatureSet"] == "ALL"
    for account in (MANAGEMENT, MEMBER):
        (role,) = cloud.client("iam", account=account).list_roles(PathPrefix="/aws-service-role/")["Roles"]
        assert role["RoleName"] == "AWSServiceRoleForOrganizations"
    with refused("HandshakeConstraintViolationException", reason="ORGANIZATION_ALREADY_HAS_ALL_FEATURES"):
        client.enable_all_features()
