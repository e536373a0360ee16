"""What real AWS answered: our answers have the same members, values, codes and words."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

FILE = Path(os.environ.get("HODEI_RECORDED", Path(__file__).parents[4] / "shared" / "recorded")) / "secretsmanager.json"

pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason="no recorded answers here"),
    pytest.mark.feature("secretsmanager.secrets"),
]

PLACEHOLDER = re.compile(r"<[^>]*>|1{12}")

# Tests of which nothing is repeated, and answers left out of those that are.
LEFT_OUT = {
    "test_rotate_secret_invalid_lambda_arn": "needs Lambda",
    "test_rotate_secret_multiple_times_with_lambda_success": "needs Lambda",
    "test_rotate_secret_with_lambda_success": "needs Lambda",
}

Answers = dict[str, Any]
Scenario = Callable[..., Answers]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[f"test_{function.__name__}"] = function
    return function


def recorded() -> Iterator[Any]:
    for id, test in (json.loads(FILE.read_text()) if FILE.exists() else {}).items():
        name, _, variant = id.rpartition("::")[2].partition("[")
        if name in SCENARIOS:
            yield pytest.param(name, variant.removesuffix("]"), test["content"], id=id)


def same(expected: Any, actual: Any, known: dict[str, str], at: str = "") -> None:
    """Dates stand for anything; a placeholder such as <version_uuid:1> stands for one value throughout a test."""
    if isinstance(expected, dict) and isinstance(actual, str):
        actual = json.loads(actual)
    if isinstance(expected, dict):
        named = {known.get(key, key): value for key, value in expected.items()}
        assert named.keys() == actual.keys(), (at, named, actual)
        for key in sorted(named, key=lambda key: key != "Name"):  # which is a part of the ARN
            same(named[key], actual[key], known, f"{at}.{key}")
    elif isinstance(expected, list):
        assert len(expected) == len(actual), at
        for number, (one, other) in enumerate(zip(expected, actual)):
            same(one, other, known, f"{at}[{number}]")
    elif isinstance(expected, str) and expected != "datetime":
        expected = PLACEHOLDER.sub(lambda found: known.get(found[0], found[0]), expected)
        names = PLACEHOLDER.findall(expected)
        pattern = re.escape(PLACEHOLDER.sub("\0", expected)).replace("\0", "(.+?)")
        match = re.fullmatch(pattern, str(actual), re.S)
        assert match, (at, expected, actual)
        for name, value in zip(names, match.groups()):
            assert known.setdefault(name, value) == value, (at, name, value)
    elif expected != "datetime":
        assert expected == actual, (at, expected, actual)


def plain(answer: Any, expected: Any) -> Any:
    """Without what differs from call to call; without the metadata where it was not recorded."""
    if isinstance(answer, dict) and "ResponseMetadata" in answer:
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        bare = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
        kept = {"ResponseMetadata": {"HTTPStatusCode": status}} if "ResponseMetadata" in expected else {}
        return bare | kept
    return answer


def error(call: Callable[..., Any], **params: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response


def told(call: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value)


def raw(cloud: Cloud, operation: str, **params: Any) -> tuple[int, Any]:
    """A request that no SDK makes."""
    credential = "000000000000/20260101/us-east-1/secretsmanager/aws4_request"
    headers = Headers(
        [
            ("Host", "localhost:4566"),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", f"secretsmanager.{operation}"),
            ("Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
        ]
    )
    response = cloud.send(Request("POST", "/", headers, Body(json.dumps(params).encode())))
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)


@scenario
def call_lists_secrets_multiple_times(cloud: Cloud, sm: Any, _: str) -> Answers:
    created = sm.create_secret(Name="s", SecretString="x", Description="testing creation of secrets")
    answers = {"create_secret_rs_1": created}
    answers |= {f"list_secrets_res_{number}": sm.list_secrets() for number in range(3)}
    return answers | {"delete_secret_res_1": sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)}


SCENARIOS["test_call_lists_secrets_multiple_times_snapshots"] = call_lists_secrets_multiple_times


@scenario
def can_recreate_delete_secret(cloud: Cloud, sm: Any, _: str) -> Answers:
    return {
        "create_secret_res_0": sm.create_secret(Name="s", SecretString="x"),
        "delete_res_1": sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True),
        "create_secret_res_1": sm.create_secret(Name="s", SecretString="x"),
    }


@scenario
def create_and_update_secret(cloud: Cloud, sm: Any, variant: str) -> Answers:
    name = re.sub("-(True|False)$", "", variant)
    made = sm.create_secret(Name=name, SecretString="my_secret", Description="Testing secret creation.")
    partial = made["ARN"].rpartition("-")[0]
    answers = {
        "create_secret_rs_1": made,
        "get_secret_value_rs_1": sm.get_secret_value(SecretId=name),
        "describe_secret_rs_1": sm.describe_secret(SecretId=name),
        "get_secret_value_rs_2": sm.get_secret_value(SecretId=made["ARN"]),
    }
    if name.startswith("Invalid"):
        answers["resource_not_found_dict_1"] = error(sm.get_secret_value, SecretId=partial)
    else:
        answers["get_secret_value_rs_3"] = sm.get_secret_value(SecretId=partial)
    answers["put_secret_value_rs_1"] = sm.put_secret_value(SecretId=name, SecretString="new_secret")
    answers["get_secret_value_rs_4"] = sm.get_secret_value(SecretId=name)
    answers["update_secret_res_1"] = sm.update_secret(SecretId=name, SecretString="x", Description="d")
    answers["delete_secret_res_1"] = sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    return answers


@scenario
def create_secret_version_from_empty_secret(cloud: Cloud, sm: Any, _: str) -> Answers:
    return {
        "create-empty-secret": sm.create_secret(Name="s"),
        "describe-secret": sm.describe_secret(SecretId="s"),
        "put-secret-value": sm.put_secret_value(SecretId="s", SecretString="x"),
    }


@scenario
def first_rotate_secret_with_missing_lambda_arn(cloud: Cloud, sm: Any, _: str) -> Answers:
    return {
        "create_secret": sm.create_secret(Name="s", SecretString="x"),
        "rotate_secret_no_arn_exc": error(sm.rotate_secret, SecretId="s", RotationRules={"AutomaticallyAfterDays": 1}),
        "describe_secret": sm.describe_secret(SecretId="s"),
    }


@scenario
def get_secret_value(cloud: Cloud, sm: Any, _: str) -> Answers:
    sm.create_secret(Name="s", SecretBinary=b"footest")
    got = sm.get_secret_value(SecretId="s")
    assert got["SecretBinary"] == b"footest"
    return {
        "secret_value_response": got | {"SecretBinary": str(got["SecretBinary"])},
        "secret_value_http_response": raw(cloud, "GetSecretValue", SecretId="s")[1],
    }


@scenario
def get_secret_value_errors(cloud: Cloud, sm: Any, _: str) -> Answers:
    id = sm.create_secret(Name="s", SecretString="x")["VersionId"]
    sm.put_secret_value(SecretId="s", SecretString="y", VersionStages=["other"])
    return {
        "error_get_secret_value_non_existing": error(sm.get_secret_value, SecretId="s", VersionStage="AWSPREVIOUS"),
        "mismatch_version_id_and_stage": error(
            sm.get_secret_value, SecretId="s", VersionId=id, VersionStage="AWSPREVIOUS"
        ),
    }


@scenario
def invalid_secret_name(cloud: Cloud, sm: Any, name: str) -> Answers:
    calls: list[tuple[Any, dict[str, Any]]] = [
        (sm.create_secret, {"Name": name, "SecretString": "x"}),
        (sm.delete_secret, {"SecretId": name}),
        (sm.describe_secret, {"SecretId": name}),
        (sm.get_secret_value, {"SecretId": name}),
        (sm.list_secret_version_ids, {"SecretId": name, "IncludeDeprecated": True}),
        (sm.put_secret_value, {"SecretId": name, "SecretString": "x"}),
        (sm.tag_resource, {"SecretId": name, "Tags": [{"Key": "FirstTag", "Value": "SomeValue"}]}),
        (sm.untag_resource, {"SecretId": name, "TagKeys": ["FirstTag"]}),
        (sm.update_secret, {"SecretId": name, "Description": "d"}),
        (sm.get_resource_policy, {"SecretId": name}),
    ]
    return {f"ex_log_{number}": error(call, **params) for number, (call, params) in enumerate(calls, 1)}


@scenario
def no_client_request_token(cloud: Cloud, sm: Any, operation: str) -> Answers:
    sm.create_secret(Name="s", SecretString="x")
    status, body = raw(cloud, operation, SecretId="s")
    assert "message" not in body
    return {"no-client-request-exc": {"Error": body, "Metadata": {"StatusCode": status}}}


def versioned(sm: Any, name: str, second: list[str]) -> Answers:
    answers = {
        "create_secret_rs_0": sm.create_secret(Name=name, SecretString="S1"),
        "put_secret_value_res_0": sm.put_secret_value(
            SecretId=name, SecretString="S2", VersionStages=["one", "two", "three"]
        ),
        "list_secret_version_ids_res_0": sm.list_secret_version_ids(SecretId=name),
        "put_secret_value_res_1": sm.put_secret_value(SecretId=name, SecretString="S3", VersionStages=second),
        "list_secret_version_ids_res_1": sm.list_secret_version_ids(SecretId=name),
    }
    return answers | {"delete_secret_res_0": sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)}


@scenario
def non_versioning_version_stages_no_replacement(cloud: Cloud, sm: Any, _: str) -> Answers:
    return versioned(sm, "s", ["one", "two", "four"])


@scenario
def non_versioning_version_stages_replacement(cloud: Cloud, sm: Any, _: str) -> Answers:
    return versioned(sm, "s", ["one", "two", "three", "four"])


@scenario
def put_secret_value_with_version_stages(cloud: Cloud, sm: Any, _: str) -> Answers:
    answers = {"create_secret_rs_0": sm.create_secret(Name="s", SecretString="secret_string_v0")}
    answers["get_secret_value_res_0"] = sm.get_secret_value(SecretId="s")
    stages: list[list[str]] = [["SAMPLESTAGE1", "SAMPLESTAGE0"], ["SAMPLESTAGE1", "SAMPLESTAGE0"], ["AWSPENDING"], []]
    for number, labels in enumerate(stages, 1):
        given = {"VersionStages": labels} if labels else {}
        put = sm.put_secret_value(SecretId="s", SecretString=f"secret_string_v{number}", **given)
        answers[f"put_secret_value_res_{number}"] = put
        answers[f"get_secret_value_res_{number}"] = sm.get_secret_value(SecretId="s")
    return answers | {"delete_secret_res_1": sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)}


@scenario
def resource_policy(cloud: Cloud, sm: Any, _: str) -> Answers:
    sm.create_secret(Name="s", SecretString="x")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {
        "put_resource_policy": sm.put_resource_policy(SecretId="s", ResourcePolicy=policy),
        "get_resource_policy": sm.get_resource_policy(SecretId="s"),
    }


@scenario
def secret_exists_snapshots(cloud: Cloud, sm: Any, _: str) -> Answers:
    sm.create_secret(Name="s", SecretString="x")
    return {
        "ex_log": error(sm.create_secret, Name="s", SecretString="x"),
        "delete_secret_res": sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True),
    }


@scenario
def secret_not_found(cloud: Cloud, sm: Any, _: str) -> Answers:
    return {
        "get_secret_value_not_found_ex": error(sm.get_secret_value, SecretId="s"),
        "list_secret_version_ids_not_found_ex": error(sm.list_secret_version_ids, SecretId="s"),
    }


@scenario
def secret_restore(cloud: Cloud, sm: Any, _: str) -> Answers:
    sm.create_secret(Name="s", SecretString="x")
    return {
        "delete_secret_res": sm.delete_secret(SecretId="s", RecoveryWindowInDays=7),
        "restore_secret_res": sm.restore_secret(SecretId="s"),
    }


@scenario
def secret_tags(cloud: Cloud, sm: Any, _: str) -> Answers:
    def tag(*numbers: int) -> Any:
        return sm.tag_resource(SecretId="s", Tags=[{"Key": f"tag{n}", "Value": f"value{n}"} for n in numbers])

    answers = {"create_secret": sm.create_secret(Name="s"), "describe_secret": sm.describe_secret(SecretId="s")}
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("tag_resource_1", lambda: tag(1)),
        ("tag_resource_2", lambda: tag(2)),
        ("untag_resource_1", lambda: sm.untag_resource(SecretId="s", TagKeys=["tag1"])),
        ("untag_resource_2", lambda: sm.untag_resource(SecretId="s", TagKeys=["tag2"])),
        ("", lambda: tag(3, 4)),
        ("", lambda: sm.untag_resource(SecretId="s", TagKeys=["tag3", "tag4"])),
    ]
    for number, (name, step) in enumerate(steps, 1):
        answer = step()
        answers |= {name: answer} if name else {}
        answers[f"describe_secret_{number}"] = sm.describe_secret(SecretId="s")
    return answers


@scenario
def secret_version_not_found(cloud: Cloud, sm: Any, _: str) -> Answers:
    sm.create_secret(Name="empty")
    sm.create_secret(Name="s", SecretString="x")
    return {
        "get_secret_value_no_version_ex": told(sm.get_secret_value, SecretId="empty"),
        "get_secret_value_version_not_found_ex": told(sm.get_secret_value, SecretId="s", VersionId="v" * 32),
        "get_secret_value_stage_not_found_ex": told(sm.get_secret_value, SecretId="s", VersionStage="AWSPENDING"),
    }


@scenario
def tag_untag_resource_on_deleted_secret(cloud: Cloud, sm: Any, _: str) -> Answers:
    return {
        "create_secret": sm.create_secret(Name="s", SecretString="x"),
        "delete_secret": sm.delete_secret(SecretId="s"),
        "tag_deleted_secret_error": error(sm.tag_resource, SecretId="s", Tags=[{"Key": "a", "Value": "b"}]),
        "untag_deleted_secret_error": error(sm.untag_resource, SecretId="s", TagKeys=["a"]),
    }


@scenario
def update_secret_description(cloud: Cloud, sm: Any, _: str) -> Answers:
    answers = {"create_secret_rs_0": sm.create_secret(Name="s", SecretString="x")}
    steps: list[Any] = [
        {"Description": "MyDescription"},
        {"SecretString": "y", "Description": "MyNewDescription"},
        {"SecretString": "z"},
        {"Description": "MyNewDescription"},
    ]
    answers["describe_secret_res_0"] = sm.describe_secret(SecretId="s")
    for number, given in enumerate(steps):
        answers[f"update_secret_res_{number}"] = sm.update_secret(SecretId="s", **given)
        answers[f"describe_secret_res_{number + 1}"] = sm.describe_secret(SecretId="s")
    return answers | {"delete_secret_res_0": sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)}


@scenario
def update_secret_version_stages_current_pending_cycle(cloud: Cloud, sm: Any, _: str) -> Answers:
    first = sm.create_secret(Name="s", SecretString="S1")
    answers = {"create_secret_rs_0": first}
    holder, number = first["VersionId"], 0

    def look(what: str) -> None:
        nonlocal number
        call = {"list_secret_version_ids": sm.list_secret_version_ids, "get_secret_value": sm.get_secret_value}[what]
        count = sum(key.startswith(what) for key in answers)
        answers[f"{what}_res_{count}"] = call(SecretId="s")

    for cycle, value in enumerate(("S2", "S3")):
        put = sm.put_secret_value(SecretId="s", SecretString=value, VersionStages=["AWSPENDING"])
        answers[f"put_secret_value_res_{cycle}"] = put
        look("list_secret_version_ids")
        look("get_secret_value")
        moved = sm.update_secret_version_stage(
            SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=holder, MoveToVersionId=put["VersionId"]
        )
        answers["update_secret_version_stage_res_0" if not cycle else "put_secret_value_res_2"] = moved
        holder = put["VersionId"]
        look("list_secret_version_ids")
        look("get_secret_value")
    return answers | {"delete_secret_res_0": sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)}


@scenario
def update_secret_version_stages_return_type(cloud: Cloud, sm: Any, _: str) -> Answers:
    first = sm.create_secret(Name="s", SecretString="S1")
    put = sm.put_secret_value(SecretId="s", SecretString="S2", VersionStages=["AWSPENDING"])
    moved = sm.update_secret_version_stage(
        SecretId="s",
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=first["VersionId"],
        MoveToVersionId=put["VersionId"],
    )
    deleted = sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    return {
        "create_secret_rs_0": first,
        "put_secret_value_res_0": put,
        "update_secret_version_stage_res_0": moved,
        "delete_secret_res_0": deleted,
    }


@pytest.mark.parametrize(("name", "variant", "content"), list(recorded()))
def test_as_recorded(cloud: Cloud, name: str, variant: str, content: Answers) -> None:
    answers = SCENARIOS[name](cloud, cloud.client("secretsmanager"), variant)
    assert answers.keys() == content.keys()
    known: dict[str, str] = {}
    for key in answers:  # in the order of the calls: what made a version tells its id
        expected = json.loads(json.dumps(content[key]).replace('"HTTPHeaders": {}, ', ""))
        same(expected, plain(answers[key], expected), known, key)


@pytest.mark.skipif(not FILE.exists(), reason="no recorded answers here")
def test_nothing_is_forgotten() -> None:
    names = {id.rpartition("::")[2].partition("[")[0] for id in json.loads(FILE.read_text())}
    assert names - SCENARIOS.keys() == LEFT_OUT.keys()
    assert SCENARIOS.keys() <= names
