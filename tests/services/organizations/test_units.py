from __future__ import annotations

import pytest

from hodei.testing import Cloud

from .conftest import MANAGEMENT, MEMBER, OUTSIDER, Organization, Refused

pytestmark = pytest.mark.feature("organizations.accounts")


def test_a_unit_lives(organization: Organization, refused: Refused) -> None:
    client, root = organization.client, organization.root
    made = client.create_organizational_unit(ParentId=root, Name="data")["OrganizationalUnit"]
    assert made["Id"].startswith(f"ou-{root.removeprefix('r-')}-")
    assert made["Arn"] == f"arn:aws:organizations::{MANAGEMENT}:ou/{organization.id}/{made['Id']}"
    assert made["Path"] == f"{organization.id}/{root}/{made['Id']}/"
    id = {"OrganizationalUnitId": made["Id"]}
    assert client.describe_organizational_unit(**id)["OrganizationalUnit"] == made
    with refused("DuplicateOrganizationalUnitException", "An OU with the same name already exists."):
        organization.unit("data")
    assert client.update_organizational_unit(Name="more", **id)["OrganizationalUnit"]["Name"] == "more"
    inner = organization.unit("inner", made["Id"])
    with refused("OrganizationalUnitNotEmptyException"):
        client.delete_organizational_unit(**id)
    client.delete_organizational_unit(OrganizationalUnitId=inner)
    client.delete_organizational_unit(**id)
    with refused("OrganizationalUnitNotFoundException"):
        client.describe_organizational_unit(**id)
    with refused("ParentNotFoundException", "You specified a parent that doesn't exist."):
        organization.unit("other", made["Id"])


def test_five_levels(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    parent = organization.root
    for _ in range(5):
        parent = organization.unit(parent=parent)
    with refused("ConstraintViolationException", reason="OU_DEPTH_LIMIT_EXCEEDED"):
        organization.unit(parent=parent)
    cloud.quota("organizations", "units", 5)
    with refused("ConstraintViolationException", reason="OU_NUMBER_LIMIT_EXCEEDED"):
        organization.unit("wide")


def test_the_tree_is_walked_both_ways(organization: Organization, refused: Refused) -> None:
    client, root = organization.client, organization.root
    account, unit = organization.invite(), organization.unit()
    organization.move(account, root, unit)
    assert client.list_parents(ChildId=account)["Parents"] == [{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}]
    assert client.list_parents(ChildId=unit)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    children = client.list_children(ParentId=unit, ChildType="ACCOUNT")["Children"]
    assert children == [{"Id": account, "Type": "ACCOUNT"}]
    below = client.list_children(ParentId=root, ChildType="ORGANIZATIONAL_UNIT")["Children"]
    assert below == [{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}]
    assert [one["Id"] for one in client.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [account]
    (listed,) = client.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    assert listed["Id"] == unit
    with refused("ChildNotFoundException"):
        client.list_parents(ChildId=OUTSIDER)


def test_moving(organization: Organization, refused: Refused) -> None:
    root, unit, account = organization.root, organization.unit(), organization.invite()
    missing = f"{unit[:-8]}00000000"
    with refused("DuplicateAccountException"):
        organization.move(account, unit, root)
    with refused("SourceParentNotFoundException"):
        organization.move(account, missing, unit)
    with refused("DestinationParentNotFoundException"):
        organization.move(account, root, missing)
    with refused("AccountNotFoundException"):
        organization.move(OUTSIDER, root, unit)
    organization.move(account, root, unit)
    with refused("SourceParentNotFoundException"):
        organization.move(account, root, organization.unit("other"))


def test_tags(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    client, unit, account = organization.client, organization.unit(), organization.invite()
    for id in (organization.root, unit, account):
        client.tag_resource(ResourceId=id, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        client.untag_resource(ResourceId=id, TagKeys=["a"])
        assert client.list_tags_for_resource(ResourceId=id)["Tags"] == [{"Key": "b", "Value": "2"}]
    with refused("TargetNotFoundException"):
        client.list_tags_for_resource(ResourceId=OUTSIDER)
    with refused("InvalidInputException", reason="DUPLICATE_TAG_KEY"):
        client.tag_resource(ResourceId=unit, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    with refused("InvalidInputException", reason="INVALID_SYSTEM_TAGS_PARAMETER"):
        client.tag_resource(ResourceId=unit, Tags=[{"Key": "aws:a", "Value": "1"}])
    with refused("ConstraintViolationException", reason="MAX_TAG_LIMIT_EXCEEDED"):
        client.tag_resource(ResourceId=unit, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    cloud.client("organizations", account=MEMBER).leave_organization()
    organization.invite()
    assert client.list_tags_for_resource(ResourceId=account)["Tags"] == []
