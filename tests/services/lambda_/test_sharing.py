"""Who may use functions and layers: resource policies, decided by IAM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import ACCOUNT, Cloud
from services.lambda_.recording import TRUST, document, zipped

OTHER = "222222222222"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
READ = {"StatementId": "s", "Action": "lambda:GetFunction"}


@pytest.fixture
def fn(cloud: Cloud) -> Any:
    return cloud.client("lambda")


@pytest.fixture
def role(cloud: Cloud) -> str:
    iam = cloud.client("iam")
    return str(iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"])


@pytest.fixture
def function(fn: Any, role: str) -> str:
    given = {"Runtime": "python3.12", "Handler": "a.b", "Role": role, "Code": {"ZipFile": zipped()}}
    fn.create_function(FunctionName="f", Publish=True, **given)
    return "f"


def test_another_account_needs_a_statement(cloud: Cloud, fn: Any, function: str, refused: Any) -> None:
    stranger = cloud.client("lambda", account=OTHER)
    with refused("AccessDeniedException", "not authorized to perform: lambda:GetFunction", 403):
        stranger.get_function(FunctionName=ARN)
    fn.add_permission(FunctionName=function, Principal=OTHER, **READ)
    assert stranger.get_function(FunctionName=ARN)["Configuration"]["FunctionArn"] == ARN
    with refused("AccessDeniedException", status=403):
        stranger.get_function(FunctionName=f"{ARN}:1")
    fn.add_permission(FunctionName=function, Qualifier="1", Principal=OTHER, **READ)
    assert stranger.get_function(FunctionName=f"{ARN}:1")["Configuration"]["Version"] == "1"
    fn.remove_permission(FunctionName=function, StatementId="s")
    with refused("AccessDeniedException", status=403):
        stranger.get_function(FunctionName=ARN)


def test_a_user_that_is_named_keeps_its_permission_only_as_long_as_it_lives(
    cloud: Cloud, fn: Any, function: str, refused: Any
) -> None:
    iam = cloud.client("iam", account=OTHER)
    arn = iam.create_user(UserName="u")["User"]["Arn"]
    fn.add_permission(FunctionName=function, Principal=arn, **READ)
    assert json.loads(fn.get_policy(FunctionName=function)["Policy"])["Statement"][0]["Principal"] == {"AWS": arn}
    iam.delete_user(UserName="u")
    shown = json.loads(fn.get_policy(FunctionName=function)["Policy"])["Statement"][0]["Principal"]["AWS"]
    assert shown.startswith("AIDA")
    with refused("InvalidParameterValueException", "The provided principal was invalid."):
        fn.add_permission(FunctionName=function, Principal=arn, **READ | {"StatementId": "t"})


def test_conditions_of_permissions(fn: Any, function: str) -> None:
    made = fn.add_permission(
        FunctionName=function,
        StatementId="s",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
        SourceAccount=OTHER,
        PrincipalOrgID="o-1234567890",
    )
    statement = json.loads(made["Statement"])
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {
        "StringEquals": {
            "AWS:SourceAccount": OTHER, "aws:PrincipalOrgID": "o-1234567890", "lambda:FunctionUrlAuthType": "NONE"
        }
    }  # fmt: skip


def test_policies_have_a_limit(fn: Any, function: str, refused: Any) -> None:
    with refused("PolicyLengthExceededException", "The final policy size ("):
        for number in range(200):
            fn.add_permission(FunctionName=function, Principal=OTHER, **READ | {"StatementId": f"s{number}" + "x" * 90})


def test_policies_as_documents(cloud: Cloud, fn: Any, function: str, refused: Any) -> None:
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        fn.get_resource_policy(ResourceArn=ARN)
    statement = {
        "Sid": "a", "Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "lambda:GetFunction", "Resource": ARN
    }  # fmt: skip
    put = fn.put_resource_policy(ResourceArn=ARN, Policy=document(statement))
    assert json.loads(put["Policy"])["Statement"][0]["Sid"] == "a"
    assert cloud.client("lambda", account=OTHER).get_function(FunctionName=ARN)
    assert fn.get_policy(FunctionName=function)["RevisionId"] == put["RevisionId"]
    fn.add_permission(FunctionName=function, Principal=OTHER, **READ)
    assert len(json.loads(fn.get_resource_policy(ResourceArn=ARN)["Policy"])["Statement"]) == 2
    with refused("PreconditionFailedException", "Call the GetResourcePolicy API", 412):
        fn.put_resource_policy(ResourceArn=ARN, Policy=document(statement), RevisionId=put["RevisionId"])
    for wrong in ("{}", document(statement | {"Resource": f"{ARN}x"}), document(statement | {"Principal": {}})):
        with refused("InvalidParameterValueException", "The resource policy is not valid."):
            fn.put_resource_policy(ResourceArn=ARN, Policy=wrong)
    fn.delete_resource_policy(ResourceArn=ARN)
    with refused("ResourceNotFoundException", status=404):
        fn.delete_resource_policy(ResourceArn=ARN)


def test_tags_and_arns_in_policies_of_identities(cloud: Cloud, fn: Any, function: str, refused: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    tagged = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    allow = {"Effect": "Allow", "Action": "lambda:Get*", "Resource": f"{ARN}*", "Condition": tagged}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document(allow))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = cloud.client("lambda", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    with refused("AccessDeniedException", "no identity-based policy allows the lambda:GetFunction action", 403):
        user.get_function(FunctionName=function)
    fn.tag_resource(Resource=ARN, Tags={"team": "a"})
    assert user.get_function(FunctionName=function, Qualifier="1")["Tags"] == {"team": "a"}
    with refused("AccessDeniedException", status=403):
        user.delete_function(FunctionName=function)


@pytest.mark.feature("lambda.aliases")
def test_layers_are_shared_by_their_policies(cloud: Cloud, fn: Any, function: str, refused: Any) -> None:
    theirs = cloud.client("lambda", account=OTHER)
    arn = theirs.publish_layer_version(LayerName="l", Content={"ZipFile": zipped("layer")})["LayerVersionArn"]
    with refused("AccessDeniedException", "lambda:GetLayerVersion", 403):
        fn.update_function_configuration(FunctionName=function, Layers=[arn])
    theirs.add_layer_version_permission(
        LayerName="l", VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal=ACCOUNT
    )
    assert fn.get_layer_version_by_arn(Arn=arn)["Version"] == 1
    changed = fn.update_function_configuration(FunctionName=function, Layers=[arn])
    assert [layer["Arn"] for layer in changed["Layers"]] == [arn]
    theirs.delete_layer_version(LayerName="l", VersionNumber=1)
    assert fn.get_function_configuration(FunctionName=function)["Layers"] == changed["Layers"]
    with refused("AccessDeniedException", status=403):
        fn.get_layer_version_by_arn(Arn=arn)
    with refused("ResourceNotFoundException", status=404):
        theirs.get_layer_version_by_arn(Arn=arn)
    assert theirs.get_account_settings()["AccountUsage"]["TotalCodeSize"] > 0
    fn.update_function_configuration(FunctionName=function, Layers=[])
    assert theirs.get_account_settings()["AccountUsage"]["TotalCodeSize"] == 0


@pytest.mark.feature("lambda.aliases")
def test_layers_of_functions(cloud: Cloud, fn: Any, function: str, refused: Any) -> None:
    def publish(name: str, **given: Any) -> str:
        made = fn.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(name)}, **given)
        return str(made["LayerVersionArn"])

    arns = [publish(f"l{number}", CompatibleRuntimes=["python3.12"]) for number in range(6)]
    second = publish("l0", CompatibleArchitectures=["arm64"])

    def having(*layers: str) -> Any:
        return fn.update_function_configuration(FunctionName=function, Layers=list(layers))

    with refused("InvalidParameterValueException", "Cannot reference more than 5 layers."):
        having(*arns)
    with refused("InvalidParameterValueException", "Two different versions of the same layer are not allowed"):
        having(arns[0], second)
    assert [layer["Arn"] for layer in having(*arns[4::-1])["Layers"]] == arns[4::-1]
    found = fn.list_layers(CompatibleRuntime="python3.12", MaxItems=4)
    rest = fn.list_layers(CompatibleRuntime="python3.12", Marker=found["NextMarker"])
    latest = [layer["LatestMatchingVersion"]["Version"] for layer in found["Layers"] + rest["Layers"]]
    assert latest == [1] * 6
    assert [layer["LayerName"] for layer in fn.list_layers(CompatibleArchitecture="arm64")["Layers"]] == ["l0"]
    assert [one["Version"] for one in fn.list_layer_versions(LayerName="l0")["LayerVersions"]] == [2, 1]
    with refused("ResourceNotFoundException", "No policy is associated with the given resource.", 404):
        fn.get_layer_version_policy(LayerName="l0", VersionNumber=1)
