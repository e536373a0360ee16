"""Functions: what they may be, where their code comes from, and what becomes of it."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.services.lambda_ import find
from hodei.testing import ACCOUNT, Cloud
from services.lambda_.layouts import Layer, Layout
from services.lambda_.recording import ALL, TRUST, document, zipped

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
MOVING = "The operation cannot be performed at this time."


@pytest.fixture
def fn(cloud: Cloud) -> Any:
    return cloud.client("lambda")


@pytest.fixture
def role(cloud: Cloud) -> str:
    iam = cloud.client("iam")
    arn: str = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="fn", PolicyName="all", PolicyDocument=document(ALL))
    return arn


@pytest.fixture
def make(fn: Any, role: str) -> Callable[..., dict[str, Any]]:
    def make(name: str = "f", **given: Any) -> dict[str, Any]:
        needed = {"Runtime": "python3.12", "Handler": "handler.handler", "Role": role, "Code": {"ZipFile": zipped()}}
        return dict(fn.create_function(FunctionName=name, **needed | given))

    return make


def archive(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for info, content in members:
            made.writestr(info, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def named(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


# Code.


@pytest.mark.parametrize(
    "package",
    [
        b"",
        b"PK\x05\x06",
        zipped()[:-30],
        archive((named("../outside"), b"x")),
        archive((named("/etc/passwd"), b"x")),
        archive((named("a/../../b"), b"x")),
        archive((named("a\\..\\..\\b"), b"x")),
        archive((named("device", stat.S_IFCHR | 0o644), b"")),
    ],
    ids=["empty", "head", "cut off", "up", "absolute", "down and up", "backslashes", "device"],
)
def test_packages_that_cannot_be_unpacked(cloud: Cloud, make: Any, refused: Any, package: bytes) -> None:
    with refused("InvalidParameterValueException", UNZIP):
        make(Code={"ZipFile": package})
    assert cloud.client("lambda").get_account_settings()["AccountUsage"] == {"TotalCodeSize": 0, "FunctionCount": 0}


def test_encrypted_packages_are_refused(make: Any, refused: Any) -> None:
    package = bytearray(zipped())
    package[6] |= 1  # of the member's own head
    package[package.index(b"PK\x01\x02") + 8] |= 1  # and of the directory
    with refused("InvalidParameterValueException", UNZIP):
        make(Code={"ZipFile": bytes(package)})


def test_links_in_packages_are_kept(make: Any) -> None:
    make(Code={"ZipFile": archive((named("a"), b"x"), (named("b", stat.S_IFLNK | 0o777), b"a"))})


def test_a_bomb_is_known_by_its_directory(make: Any, refused: Any) -> None:
    large = archive(*[(named(str(number)), bytes(2**20)) for number in range(250)])
    assert len(large) < 2**20
    with refused("InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"):
        make(Code={"ZipFile": large})


def test_uploads_have_a_limit(make: Any, refused: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("large", bytes(50 * 2**20))
    with refused("RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes", 413):
        make(Code={"ZipFile": packed.getvalue()})


def test_the_location_of_a_package_can_be_downloaded_for_ten_minutes(cloud: Cloud, fn: Any, make: Any) -> None:
    make()
    location = fn.get_function(FunctionName="f")["Code"]["Location"]
    path = location.partition("localhost:4566")[2]

    def get(path: str) -> Any:
        return cloud.send(Request("GET", path, Headers([("host", "localhost:4566")]), Body(b"")))

    answer = get(path)
    assert (answer.status, answer.header("content-type")) == (200, "application/zip")
    assert get(f"{path}x").status == 404
    cloud.clock.advance(minutes=11)
    assert get(path).status == 403


def test_code_from_s3(cloud: Cloud, fn: Any, make: Any, refused: Any) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="packages")
    s3.put_bucket_versioning(Bucket="packages", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="packages", Key="f.zip", Body=zipped("first"))["VersionId"]
    s3.put_object(Bucket="packages", Key="f.zip", Body=zipped("second"))
    place = {"S3Bucket": "packages", "S3Key": "f.zip"}
    newest = make(Code=place)["CodeSha256"]
    older = fn.update_function_code(FunctionName="f", S3ObjectVersion=first, **place)["CodeSha256"]
    assert older != newest == fn.update_function_code(FunctionName="f", ZipFile=zipped("second"))["CodeSha256"]
    missing = (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
    )
    with refused("InvalidParameterValueException", missing):
        fn.update_function_code(FunctionName="f", S3Bucket="packages", S3Key="none")


def test_code_comes_from_s3_only_if_the_caller_may_read_it(cloud: Cloud, make: Any, refused: Any) -> None:
    make()
    s3, iam = cloud.client("s3"), cloud.client("iam")
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="f.zip", Body=zipped())
    iam.create_user(UserName="u")
    iam.put_user_policy(
        UserName="u",
        PolicyName="p",
        PolicyDocument=document({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}),
    )
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = cloud.client("lambda", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    with refused("AccessDeniedException", "Your access has been denied by S3", 403):
        user.update_function_code(FunctionName="f", S3Bucket="packages", S3Key="f.zip")


def test_a_folder_of_this_machine(fn: Any, make: Any, refused: Any, tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("def handler(event, context): return 1")
    make(Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)})
    code = fn.get_function(FunctionName="f")["Code"]
    assert code == {"RepositoryType": "hot-reload", "Location": f"file://{tmp_path}"}
    with refused("InvalidParameterValueException", "is not the absolute path of a folder of this machine"):
        make("g", Code={"S3Bucket": "hot-reload", "S3Key": "relative"})


def test_images_are_kept(cloud: Cloud, fn: Any, make: Any, role: str, refused: Any, tmp_path: Path) -> None:
    digest = Layout(tmp_path / "app").image(Layer().file("x"), Entrypoint=["/x"])
    cloud.set("lambda", "images", str(tmp_path))
    uri = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/app@{digest}"
    config = {"Command": ["app.run"], "WorkingDirectory": "/app"}
    made = fn.create_function(
        FunctionName="i", Role=role, PackageType="Image", Code={"ImageUri": uri}, ImageConfig=config
    )
    assert made["ImageConfigResponse"] == {"ImageConfig": config} and made["CodeSha256"] == digest[7:]
    assert fn.get_function(FunctionName="i")["Code"] == {
        "RepositoryType": "ECR", "ImageUri": uri, "ResolvedImageUri": uri
    }  # fmt: skip
    assert "ImageConfigResponse" not in fn.update_function_configuration(FunctionName="i", ImageConfig={})
    with refused("InvalidParameterValueException", "Please provide ImageUri when updating a function"):
        fn.update_function_code(FunctionName="i", ZipFile=zipped())
    make()
    with refused("InvalidParameterValueException", "Please don't provide ImageUri when updating a function"):
        fn.update_function_code(FunctionName="f", ImageUri=uri)


def test_packages_take_space_of_the_account(cloud: Cloud, fn: Any, make: Any, refused: Any) -> None:
    size = make()["CodeSize"]
    fn.publish_version(FunctionName="f")
    fn.publish_layer_version(LayerName="l", Content={"ZipFile": zipped()})
    assert fn.get_account_settings()["AccountUsage"] == {"TotalCodeSize": 3 * size, "FunctionCount": 1}
    cloud.quota("lambda", "code-storage", 0)
    with refused("CodeStorageExceededException", "Code storage limit exceeded."):
        make("g")
    fn.delete_function(FunctionName="f", Qualifier="1")
    fn.delete_function(FunctionName="f")
    fn.delete_layer_version(LayerName="l", VersionNumber=1)
    assert fn.get_account_settings()["AccountUsage"] == {"TotalCodeSize": 0, "FunctionCount": 0}


def test_dry_run_changes_nothing(fn: Any, make: Any) -> None:
    before = make()
    tried = fn.update_function_code(FunctionName="f", ZipFile=zipped("other"), DryRun=True)
    after = fn.get_function_configuration(FunctionName="f")
    assert tried["CodeSha256"] != before["CodeSha256"] == after["CodeSha256"]
    assert after["RevisionId"] == before["RevisionId"]


# Configurations.


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"MemorySize": 10241}, "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240"),
        ({"Timeout": 901}, "'Timeout' value failed"),
        ({"EphemeralStorage": {"Size": 10241}}, "'EphemeralStorage' value failed"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used in this request: AWS_REGION"),
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/none"}, "The role defined for the function cannot be assumed by Lambda."),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "nodejs22.x"}, "nodejs22.x is not supported for SnapStart"),
        ({"LoggingConfig": {"LogFormat": "Text", "SystemLogLevel": "INFO"}}, "the log format must be JSON"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::bucket"}}, "resource type is not supported"),
        ({"Layers": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:none:1"]}, "does not exist"),
        ({"Code": {}}, "Please provide a source for function code."),
    ],
)  # fmt: skip
def test_what_functions_may_not_be(make: Any, refused: Any, given: dict[str, Any], message: str) -> None:
    with refused("InvalidParameterValueException", message):
        make(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"MemorySize": 127},
        {"Timeout": 0},
        {"EphemeralStorage": {"Size": 511}},
        {"Environment": {"Variables": {"1": "x"}}},
        {"Role": "admin"},
    ],
)
def test_what_the_model_refuses(make: Any, refused: Any, given: dict[str, Any]) -> None:
    from botocore.exceptions import ParamValidationError

    try:
        with refused("ValidationException", "1 validation error detected: "):
            make(**given)
    except ParamValidationError:
        pass  # the client says it first


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("VpcConfig", {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}),
        ("TenancyConfig", {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}),
        (
            "FileSystemConfigs",
            {
                "FileSystemConfigs": [
                    {
                        "Arn": f"arn:aws:elasticfilesystem:us-east-1:{ACCOUNT}:access-point/fsap-{'0' * 17}",
                        "LocalMountPath": "/mnt/a",
                    }
                ]
            },
        ),
    ],
)
def test_what_has_no_engine_here_is_refused(make: Any, refused: Any, what: str, given: dict[str, Any]) -> None:
    with refused("NotImplemented", what, 501):
        make(**given)


def test_packages_need_a_runtime_and_a_handler(fn: Any, role: str, refused: Any) -> None:
    with refused("InvalidParameterValueException", "Runtime and Handler are mandatory parameters for functions"):
        fn.create_function(FunctionName="f", Role=role, Runtime="python3.12", Code={"ZipFile": zipped()})


def test_any_role_by_a_setting(cloud: Cloud, make: Any) -> None:
    cloud.set("lambda", "any-role", True)
    make(Role=f"arn:aws:iam::{ACCOUNT}:role/none")


def test_the_role_has_to_trust_lambda(cloud: Cloud, make: Any, refused: Any) -> None:
    other = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    arn = cloud.client("iam").create_role(RoleName="ec2", AssumeRolePolicyDocument=other)["Role"]["Arn"]
    with refused("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."):
        make(Role=arn)


def test_passing_a_role_needs_permission(cloud: Cloud, make: Any, role: str, refused: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    allow: list[Any] = [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]

    def let() -> None:
        text = json.dumps({"Version": "2012-10-17", "Statement": allow})
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=text)

    let()
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = cloud.client("lambda", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    given = {"Runtime": "python3.12", "Handler": "a.b", "Role": role, "Code": {"ZipFile": zipped()}}
    with refused("AccessDeniedException", f"is not authorized to perform: iam:PassRole on resource: {role}", 403):
        user.create_function(FunctionName="f", **given)
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role}
    allow.append(passing | {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}})
    let()
    user.create_function(FunctionName="f", **given)


def test_dead_letters_need_the_roles_permission(cloud: Cloud, make: Any, refused: Any) -> None:
    cloud.client("sqs").create_queue(QueueName="q")
    iam = cloud.client("iam")
    poor = iam.create_role(RoleName="poor", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
    target = {"TargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}
    message = "The provided execution role does not have permissions to call SendMessage on SQS"
    with refused("InvalidParameterValueException", message):
        make(Role=poor, DeadLetterConfig=target)
    assert make(DeadLetterConfig=target)["DeadLetterConfig"] == target


def test_names(fn: Any, make: Any, refused: Any) -> None:
    make()
    for name in ("f", f"{ACCOUNT}:function:f", "function:f", ARN):
        assert fn.get_function_configuration(FunctionName=name)["FunctionArn"] == ARN
    assert fn.get_function_configuration(FunctionName=f"{ARN}:$LATEST")["FunctionArn"] == f"{ARN}:$LATEST"
    with refused("ResourceConflictException", "Function already exist: f", 409):
        make()
    with refused("InvalidParameterValueException", "cannot have a qualifier"):
        fn.publish_version(FunctionName=f"{ARN}:1")


@pytest.mark.feature("lambda.aliases")
def test_states_at_awss_pace(cloud: Cloud, fn: Any, make: Any, refused: Any) -> None:
    cloud.set("lambda", "lifecycle", 5.0)
    made = make(Publish=True)
    assert (made["State"], made["StateReasonCode"], made["Version"]) == ("Pending", "Creating", "1")
    with refused("ResourceConflictException", MOVING, 409):
        fn.update_function_configuration(FunctionName="f", Timeout=5)
    cloud.clock.advance(seconds=6)
    for qualifier in ("$LATEST", "1"):
        found = fn.get_function_configuration(FunctionName="f", Qualifier=qualifier)
        assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")
        assert found["RevisionId"] != made["RevisionId"]
    assert fn.update_function_code(FunctionName="f", ZipFile=zipped("2"))["LastUpdateStatus"] == "InProgress"
    with refused("ResourceConflictException", f"{MOVING} An update is in progress for resource: {ARN}", 409):
        fn.publish_version(FunctionName="f")
    cloud.clock.advance(seconds=6)
    assert fn.publish_version(FunctionName="f")["Version"] == "2"


def test_waiters(fn: Any, make: Any) -> None:
    make()
    fn.get_waiter("function_active_v2").wait(FunctionName="f")
    fn.update_function_configuration(FunctionName="f", Timeout=5)
    fn.get_waiter("function_updated_v2").wait(FunctionName="f")
    fn.get_waiter("function_exists").wait(FunctionName="f")


def test_variables_under_a_key_are_told_those_who_may_decrypt(cloud: Cloud, fn: Any, make: Any, refused: Any) -> None:
    kms, iam = cloud.client("kms"), cloud.client("iam")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("InvalidParameterValueException", "KMS Exception: NotFoundException KMS Message: "):
        make(KMSKeyArn=f"{key[:-1]}x", Environment={"Variables": {"AB": "c"}})
    made = make(KMSKeyArn=key, Environment={"Variables": {"AB": "c"}}, Publish=True)
    assert (made["KMSKeyArn"], made["Environment"]) == (key, {"Variables": {"AB": "c"}})
    iam.create_user(UserName="u")
    allow = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document(allow))
    pair = iam.create_access_key(UserName="u")["AccessKey"]
    user = cloud.client("lambda", aws_access_key_id=pair["AccessKeyId"], aws_secret_access_key=pair["SecretAccessKey"])
    for qualifier in ("$LATEST", "1"):
        told = user.get_function_configuration(FunctionName="f", Qualifier=qualifier)["Environment"]
        assert told["Error"]["ErrorCode"] == "AccessDeniedException" and "Variables" not in told
    kms.disable_key(KeyId=key)
    assert fn.get_function_configuration(FunctionName="f")["Environment"]["Error"]["ErrorCode"] == "DisabledException"
    with refused("InvalidParameterValueException", "KMS Exception: DisabledException"):
        fn.update_function_configuration(FunctionName="f", KMSKeyArn="")
    kms.enable_key(KeyId=key)
    assert fn.update_function_configuration(FunctionName="f", KMSKeyArn="")["Environment"]["Variables"] == {"AB": "c"}
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 1, "that of version 1"
    fn.delete_function(FunctionName="f")
    assert kms.list_grants(KeyId=key)["Grants"] == []


# Lists, versions, aliases.


@pytest.mark.feature("lambda.aliases")
def test_versions_are_what_the_function_was(fn: Any, make: Any) -> None:
    make(Description="first")
    fn.publish_version(FunctionName="f")
    fn.update_function_code(FunctionName="f", ZipFile=zipped("second"), Publish=True)
    assert fn.publish_version(FunctionName="f")["Version"] == "2"
    fn.update_function_configuration(FunctionName="f", Description="third")
    for number in range(3, 13):
        fn.update_function_configuration(FunctionName="f", Timeout=number)
        assert fn.publish_version(FunctionName="f")["Version"] == str(number)
    page = fn.list_versions_by_function(FunctionName="f", MaxItems=11)
    rest = fn.list_versions_by_function(FunctionName="f", Marker=page["NextMarker"])
    found = [version["Version"] for version in page["Versions"] + rest["Versions"]]
    assert found == ["$LATEST", *map(str, range(1, 13))]
    shas = [version["CodeSha256"] for version in page["Versions"]]
    assert shas[1] != shas[2] == shas[3] == shas[0]
    fn.delete_function(FunctionName="f", Qualifier="12")
    fn.update_function_configuration(FunctionName="f", Timeout=100)
    assert fn.publish_version(FunctionName="f")["Version"] == "13"


def test_lists_of_functions(fn: Any, make: Any, refused: Any) -> None:
    for name in ("a", "b", "c"):
        make(name)
        fn.publish_version(FunctionName=name)
    page = fn.list_functions(MaxItems=2)
    assert [one["FunctionName"] for one in page["Functions"]] == ["a", "b"]
    assert [one["FunctionName"] for one in fn.list_functions(Marker=page["NextMarker"])["Functions"]] == ["c"]
    every = fn.get_paginator("list_functions").paginate(FunctionVersion="ALL", PaginationConfig={"PageSize": 2})
    found = [(one["FunctionName"], one["Version"]) for each in every for one in each["Functions"]]
    assert found == [(name, version) for name in "abc" for version in ("$LATEST", "1")]
    with refused("InvalidParameterValueException"):
        fn.list_functions(Marker="x")


@pytest.mark.feature("lambda.aliases")
def test_aliases_move_between_versions(fn: Any, make: Any, refused: Any) -> None:
    make(Publish=True)
    fn.update_function_configuration(FunctionName="f", Timeout=9)
    fn.publish_version(FunctionName="f")
    made = fn.create_alias(FunctionName="f", Name="live", FunctionVersion="1", Description="d")
    assert fn.get_function_configuration(FunctionName="f:live")["Version"] == "1"
    with refused("PreconditionFailedException", "Call the GetFunction/GetAlias API", 412):
        fn.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RevisionId="other")
    moved = fn.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RevisionId=made["RevisionId"])
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "d")
    found = fn.get_function_configuration(FunctionName="f", Qualifier="live")
    assert (found["Version"], found["Timeout"], found["FunctionArn"]) == ("2", 9, f"{ARN}:live")
    fn.create_alias(FunctionName="f", Name="beta", FunctionVersion="1")
    assert [one["Name"] for one in fn.list_aliases(FunctionName="f")["Aliases"]] == ["beta", "live"]
    assert [one["Name"] for one in fn.list_aliases(FunctionName="f", FunctionVersion="2")["Aliases"]] == ["live"]
    with refused("ResourceConflictException", "the following aliases reference it: [live]", 409):
        fn.delete_function(FunctionName="f", Qualifier="2")
    fn.delete_alias(FunctionName="f", Name="live")
    fn.delete_function(FunctionName="f", Qualifier="2")


@pytest.mark.feature("lambda.aliases")
def test_weights_share_invocations_out(cloud: Cloud, fn: Any, make: Any) -> None:
    make(Publish=True)
    fn.update_function_code(FunctionName="f", ZipFile=zipped("second"), Publish=True)
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    fn.create_alias(FunctionName="f", Name="live", FunctionVersion="1", RoutingConfig=weights)
    ctx = cloud.world.context("lambda", account=ACCOUNT, region="us-east-1")
    drawn = [find.qualified(ctx, "f", "live").version for _ in range(1000)]
    assert set(drawn) == {"1", "2"} and 180 < drawn.count("2") < 320
    assert find.choose(ctx, f"{ARN}:live").arn == f"{ARN}:live"
    assert find.account_of(ctx, f"arn:aws:lambda:us-east-1:{'2' * 12}:function:f") == "2" * 12
    fn.update_alias(FunctionName="f", Name="live", RoutingConfig={})
    assert {find.qualified(ctx, "f", "live").version for _ in range(100)} == {"1"}


def test_what_is_deleted_with_a_function(cloud: Cloud, fn: Any, make: Any, refused: Any) -> None:
    make(Publish=True, Tags={"a": "b"})
    fn.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    fn.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    fn.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    fn.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=5)
    fn.create_function_url_config(FunctionName="f", AuthType="NONE")
    fn.delete_function(FunctionName="f")
    assert fn.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000
    make()
    found = fn.get_function(FunctionName="f")
    assert "Tags" not in found and "Concurrency" not in found
    assert fn.list_aliases(FunctionName="f")["Aliases"] == []
    for call in (fn.get_policy, fn.get_function_event_invoke_config, fn.get_function_url_config):
        with refused("ResourceNotFoundException", status=404):
            call(FunctionName="f")


def test_an_account_can_be_forgotten(cloud: Cloud, fn: Any, make: Any) -> None:
    make(Publish=True)
    fn.create_function_url_config(FunctionName="f", AuthType="NONE")
    cloud.reset(ACCOUNT)
    assert fn.list_functions()["Functions"] == []


def test_runtime_management_and_recursion(fn: Any, make: Any, refused: Any) -> None:
    made = make()
    assert fn.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"] == "Auto"
    with refused("InvalidParameterValueException", "RuntimeVersionArn"):
        fn.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="Manual")
    runtime = made["RuntimeVersionConfig"]["RuntimeVersionArn"]
    put = fn.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="Manual", RuntimeVersionArn=runtime)
    assert put["RuntimeVersionArn"] == runtime
    assert fn.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"] == "Manual"
    assert fn.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Terminate"
    fn.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")
    assert fn.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Allow"


def test_what_must_be_signed_cannot_be_deployed(fn: Any, make: Any, refused: Any) -> None:
    signer = {"SigningProfileVersionArns": [f"arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/p"]}
    arns = {}
    for policy in ("Warn", "Enforce"):
        made = fn.create_code_signing_config(
            AllowedPublishers=signer, CodeSigningPolicies={"UntrustedArtifactOnDeployment": policy}
        )
        arns[policy] = made["CodeSigningConfig"]["CodeSigningConfigArn"]
    with refused("CodeVerificationFailedException", "Check the provided signature for unsigned."):
        make(CodeSigningConfigArn=arns["Enforce"])
    make(CodeSigningConfigArn=arns["Warn"])
    assert fn.get_function_code_signing_config(FunctionName="f")["CodeSigningConfigArn"] == arns["Warn"]
    fn.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=arns["Enforce"])
    with refused("CodeVerificationFailedException"):
        fn.update_function_code(FunctionName="f", ZipFile=zipped())
    listed = fn.list_functions_by_code_signing_config(CodeSigningConfigArn=arns["Enforce"])
    assert listed["FunctionArns"] == [ARN]
    with refused("ResourceConflictException", status=409):
        fn.delete_code_signing_config(CodeSigningConfigArn=arns["Enforce"])
    fn.delete_function_code_signing_config(FunctionName="f")
    fn.delete_code_signing_config(CodeSigningConfigArn=arns["Enforce"])
    left = fn.list_code_signing_configs()["CodeSigningConfigs"]
    assert [one["CodeSigningConfigArn"] for one in left] == [arns["Warn"]]
    changed = fn.update_code_signing_config(CodeSigningConfigArn=arns["Warn"], Description="new")
    assert (
        fn.get_code_signing_config(CodeSigningConfigArn=arns["Warn"])["CodeSigningConfig"]
        == changed["CodeSigningConfig"]
    )
