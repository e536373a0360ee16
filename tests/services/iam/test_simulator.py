from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import document

pytestmark = pytest.mark.feature("iam.policies")

Refused = Callable[..., Any]
BUCKET = "arn:aws:s3:::bucket"


def decisions(answer: Any) -> dict[str, str]:
    return {one["EvalActionName"]: one["EvalDecision"] for one in answer["EvaluationResults"]}


def test_custom_policies(iam: Any) -> None:
    deny = document("s3:DeleteObject", effect="Deny")
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    answer = iam.simulate_custom_policy(
        PolicyInputList=[document(["s3:GetObject", "s3:DeleteObject"]), deny], ActionNames=actions
    )
    assert decisions(answer) == dict(zip(actions, ["allowed", "implicitDeny", "explicitDeny"]))
    allowed, nothing, denied = answer["EvaluationResults"]
    assert [one["SourcePolicyId"] for one in allowed["MatchedStatements"]] == ["PolicyInputList.1"]
    assert [one["SourcePolicyId"] for one in denied["MatchedStatements"]] == ["PolicyInputList.2"]
    assert nothing["MatchedStatements"] == []
    assert (allowed["EvalResourceName"], "ResourceSpecificResults" in allowed) == ("*", False)


def test_where_a_statement_stands(iam: Any) -> None:
    first = '{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}'
    second = '{"Sid": "x}\\"", "Effect": "Allow",\n  "Action": "s3:*", "Resource": "*"}'.replace('x}\\"', "x")
    text = f'{{"Version": "2012-10-17",\n "Statement": [{first},\n {second}]}}'
    answer = iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:GetObject"])
    (matched,) = answer["EvaluationResults"][0]["MatchedStatements"]
    assert matched["StartPosition"] == {"Line": 3, "Column": 2}
    assert matched["EndPosition"] == {"Line": 4, "Column": 36}


def test_context_and_what_is_missing_of_it(iam: Any) -> None:
    policy = json.loads(document())
    policy["Statement"][0]["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    asked = {"PolicyInputList": [json.dumps(policy)], "ActionNames": ["s3:GetObject"]}
    (without,) = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert (without["EvalDecision"], without["MissingContextValues"]) == ("implicitDeny", ["aws:SourceIp"])
    for address, decision in {"10.1.2.3": "allowed", "11.1.2.3": "implicitDeny"}.items():
        entry = {"ContextKeyName": "AWS:sourceip", "ContextKeyType": "ip", "ContextKeyValues": [address]}
        (found,) = iam.simulate_custom_policy(**asked, ContextEntries=[entry])["EvaluationResults"]
        assert (found["EvalDecision"], found["MissingContextValues"]) == (decision, [])


def test_each_resource(iam: Any) -> None:
    policy = document("s3:GetObject", "arn:aws:s3:::mine/*")
    resources = ["arn:aws:s3:::mine/a", "arn:aws:s3:::other/a"]
    asked = {"PolicyInputList": [policy], "ActionNames": ["s3:GetObject"], "ResourceArns": resources}
    (found,) = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert found["EvalDecision"] == "implicitDeny"
    each = {one["EvalResourceName"]: one["EvalResourceDecision"] for one in found["ResourceSpecificResults"]}
    assert each == dict(zip(resources, ["allowed", "implicitDeny"]))


def test_boundaries_and_control_policies_limit(iam: Any) -> None:
    asked = {"PolicyInputList": [document("*")], "ActionNames": ["s3:GetObject", "sqs:SendMessage"]}
    bounded = iam.simulate_custom_policy(**asked, PermissionsBoundaryPolicyInputList=[document("s3:*")])
    assert decisions(bounded) == {"s3:GetObject": "allowed", "sqs:SendMessage": "implicitDeny"}
    inside = [one["PermissionsBoundaryDecisionDetail"] for one in bounded["EvaluationResults"]]
    assert [one["AllowedByPermissionsBoundary"] for one in inside] == [True, False]
    levels = [
        {"ServiceControlPolicyInputList": [document("*")]},
        {"ServiceControlPolicyInputList": [document("sqs:*")]},
    ]
    controlled = iam.simulate_custom_policy(**asked, OrderedOrganizationPolicyInputList=levels)
    assert decisions(controlled) == {"s3:GetObject": "implicitDeny", "sqs:SendMessage": "allowed"}
    inside = [one["OrganizationsDecisionDetail"] for one in controlled["EvaluationResults"]]
    assert [one["AllowedByOrganizations"] for one in inside] == [False, True]


def test_a_resource_policy_names_the_caller(iam: Any, refused: Refused) -> None:
    caller = "arn:aws:iam::111122223333:user/eve"
    statement = {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    asked = {
        "PolicyInputList": [document("s3:GetObject")], "ActionNames": ["s3:GetObject"],
        "ResourceArns": [f"{BUCKET}/a"], "ResourceOwner": "arn:aws:iam::000000000000:root",
    }  # fmt: skip
    assert set(decisions(iam.simulate_custom_policy(**asked, CallerArn=caller)).values()) == {"implicitDeny"}
    with_policy = iam.simulate_custom_policy(**asked, CallerArn=caller, ResourcePolicy=policy)
    assert set(decisions(with_policy).values()) == {"allowed"}
    with refused("InvalidInput", "CallerArn"):
        iam.simulate_custom_policy(**asked, ResourcePolicy=policy)


def test_a_principal_has_its_own_policies(iam: Any, user: str, role: str) -> None:
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName=user)
    iam.put_group_policy(GroupName="g", PolicyName="of-group", PolicyDocument=document("s3:GetObject"))
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document("s3:PutObject"))
    own = iam.create_policy(PolicyName="managed", PolicyDocument=document("sqs:*"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=own)
    actions = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]

    def found(resource: str, **more: Any) -> list[str]:
        arn = f"arn:aws:iam::000000000000:{resource}"
        answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, **more)
        return [one["EvalDecision"] for one in answer["EvaluationResults"]]

    assert found(f"user/{user}") == ["allowed", "allowed", "implicitDeny"]
    assert found("group/g") == ["allowed", "implicitDeny", "implicitDeny"]
    assert found(f"role/{role}") == ["implicitDeny", "implicitDeny", "allowed"]
    assert found(f"role/{role}", PolicyInputList=[document("s3:*")]) == ["allowed"] * 3
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=own)
    assert found(f"user/{user}") == ["implicitDeny"] * 3


def test_policies_can_be_left_out(iam: Any, user: str) -> None:
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document("s3:*"))
    managed = iam.create_policy(PolicyName="managed", PolicyDocument=document("sqs:*"))["Policy"]["Arn"]
    fence = iam.create_policy(PolicyName="fence", PolicyDocument=document("s3:*"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=managed)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=fence)
    actions = ["s3:GetObject", "sqs:SendMessage"]

    def allowed(*left_out: dict[str, Any]) -> list[str]:
        arn = f"arn:aws:iam::000000000000:user/{user}"
        answer = iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=actions, PolicyExclusionList=list(left_out)
        )
        return [action for action, decision in decisions(answer).items() if decision == "allowed"]

    boundary = {"PolicyType": "permission-boundary"}
    own = {"PolicyName": "own", "AttachmentType": "user", "AttachmentName": user}
    assert allowed() == actions[:1]
    assert allowed(boundary) == actions
    assert allowed({"PolicyArn": fence}) == actions[:1]  # that is about policies which grant
    assert allowed(boundary, {"PolicyArn": managed}) == actions[:1]
    assert allowed(boundary, {"PolicyArn": managed[:-2] + "*"}) == actions[:1]
    assert allowed(boundary, {"PolicyType": "user-managed"}) == actions[:1]
    assert allowed(boundary, {"InlinePolicyIdentifier": own}) == actions[1:]
    assert allowed(boundary, {"PolicyType": "inline"}) == actions[1:]


def test_pages_of_actions(iam: Any) -> None:
    paginator = iam.get_paginator("simulate_custom_policy")
    actions = [f"s3:Action{number}" for number in range(5)]
    asked = {"PolicyInputList": [document("s3:*")], "ActionNames": actions}
    pages = [page["EvaluationResults"] for page in paginator.paginate(**asked, PaginationConfig={"PageSize": 2})]
    assert [[one["EvalActionName"] for one in page] for page in pages] == [actions[:2], actions[2:4], actions[4:]]


def test_what_cannot_be_simulated(iam: Any, user: str, refused: Refused) -> None:
    for action in ("s3:*", "GetObject", "s3:"):
        with refused("InvalidInput", "Invalid Action Name"):
            iam.simulate_custom_policy(PolicyInputList=[document()], ActionNames=[action])
    with refused("InvalidInput", "PolicyInputList.1"):
        iam.simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["s3:GetObject"])
    with refused("InvalidInput", "Invalid Entity Arn"):
        iam.simulate_principal_policy(PolicySourceArn="arn:aws:s3:::a-bucket-of-mine", ActionNames=["s3:GetObject"])
    with refused("NoSuchEntity", "The user with name bob cannot be found.", 404):
        iam.simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::000000000000:user/bob", ActionNames=["s3:GetObject"]
        )


def test_context_keys(iam: Any, user: str) -> None:
    policy = json.loads(document(resource="arn:aws:s3:::b/${aws:username}/*"))
    policy["Statement"][0]["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    text = json.dumps(policy)
    keys = {"aws:username", "aws:SecureTransport"}
    assert set(iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"]) == keys
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=text)
    arn = f"arn:aws:iam::000000000000:user/{user}"
    assert set(iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"]) == keys


def test_which_policies_grant_a_service(iam: Any, user: str) -> None:
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName=user)
    iam.put_group_policy(GroupName="g", PolicyName="of-group", PolicyDocument=document(["s3:GetObject", "sqs:*"]))
    iam.put_user_policy(UserName=user, PolicyName="denies", PolicyDocument=document("s3:*", effect="Deny"))
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_user_policy(UserName=user, PolicyArn=admin)
    power = "arn:aws:iam::aws:policy/PowerUserAccess"  # by NotAction, of iam among others
    iam.attach_user_policy(UserName=user, PolicyArn=power)
    found = iam.list_policies_granting_service_access(
        Arn=f"arn:aws:iam::000000000000:user/{user}", ServiceNamespaces=["s3", "iam", "organizations"]
    )["PoliciesGrantingServiceAccess"]
    assert {one["ServiceNamespace"]: [p["PolicyName"] for p in one["Policies"]] for one in found} == {
        "s3": ["AdministratorAccess", "PowerUserAccess", "of-group"],
        "iam": ["AdministratorAccess", "PowerUserAccess"],
        "organizations": ["AdministratorAccess", "PowerUserAccess"],
    }
    assert found[0]["Policies"][2] == {
        "PolicyName": "of-group", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "g"
    }  # fmt: skip
