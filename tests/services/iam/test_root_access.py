"""Centralized root access: what the management account may with the roots of its members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("organizations.accounts", "iam.identities")

MANAGEMENT, MEMBER = "000000000000", "111111111111"
SERVICE = "iam.amazonaws.com"
Refused = Callable[..., Any]


@pytest.fixture
def organizations(cloud: Cloud) -> Any:
    client = cloud.client("organizations")
    client.create_organization(FeatureSet="ALL")
    asked = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": MEMBER})["Handshake"]
    cloud.client("organizations", account=MEMBER).accept_handshake(HandshakeId=asked["Id"])
    return client


@pytest.fixture
def trusted(organizations: Any) -> Any:
    organizations.enable_aws_service_access(ServicePrincipal=SERVICE)
    return organizations


def test_features_are_turned_on_and_off(iam: Any, trusted: Any) -> None:
    organization = trusted.describe_organization()["Organization"]["Id"]
    assert iam.list_organizations_features()["EnabledFeatures"] == []
    on = iam.enable_organizations_root_sessions()
    assert (on["OrganizationId"], on["EnabledFeatures"]) == (organization, ["RootSessions"])
    both = ["RootCredentialsManagement", "RootSessions"]
    assert iam.enable_organizations_root_credentials_management()["EnabledFeatures"] == both
    assert iam.enable_organizations_root_credentials_management()["EnabledFeatures"] == both
    assert iam.list_organizations_features()["EnabledFeatures"] == both
    assert iam.disable_organizations_root_sessions()["EnabledFeatures"] == both[:1]
    assert iam.disable_organizations_root_credentials_management()["EnabledFeatures"] == []


def test_a_delegated_administrator_may_turn_off_but_not_on(
    cloud: Cloud, iam: Any, trusted: Any, refused: Refused
) -> None:
    member = cloud.client("iam", account=MEMBER)
    iam.enable_organizations_root_sessions()
    with refused("AccountNotManagementOrDelegatedAdministratorException"):
        member.list_organizations_features()
    trusted.register_delegated_administrator(AccountId=MEMBER, ServicePrincipal=SERVICE)
    assert member.list_organizations_features()["EnabledFeatures"] == ["RootSessions"]
    with refused("CallerIsNotManagementAccountException"):
        member.enable_organizations_root_credentials_management()
    assert member.disable_organizations_root_sessions()["EnabledFeatures"] == []
    trusted.deregister_delegated_administrator(AccountId=MEMBER, ServicePrincipal=SERVICE)
    with refused("AccountNotManagementOrDelegatedAdministratorException"):
        member.list_organizations_features()


def test_needs_an_organization(iam: Any, refused: Refused) -> None:
    with refused("OrganizationNotFoundException"):
        iam.list_organizations_features()


def test_needs_all_features(cloud: Cloud, iam: Any, refused: Refused) -> None:
    cloud.client("organizations").create_organization(FeatureSet="CONSOLIDATED_BILLING")
    with refused("OrganizationNotInAllFeaturesModeException"):
        iam.enable_organizations_root_sessions()


def test_needs_trusted_access(iam: Any, organizations: Any, refused: Refused) -> None:
    with refused("ServiceAccessNotEnabledException"):
        iam.enable_organizations_root_credentials_management()
    organizations.enable_aws_service_access(ServicePrincipal=SERVICE)
    iam.enable_organizations_root_credentials_management()
    organizations.disable_aws_service_access(ServicePrincipal=SERVICE)
    with refused("ServiceAccessNotEnabledException"):
        iam.list_organizations_features()
