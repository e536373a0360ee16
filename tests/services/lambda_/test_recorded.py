"""What real AWS answered: our answers have the same members, values, codes and words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hodei.testing import Cloud
from services.lambda_.recording import ACCOUNT, RECORDED, REGION, Answers, Replay, Scenario, same, zipped

pytestmark = [
    pytest.mark.skipif(not RECORDED, reason="no recorded answers here"),
    pytest.mark.feature("lambda.aliases"),
]

SCENARIOS: dict[str, Scenario] = {}
# Answers that are not asked for again: of other services, of code that runs, of tests of the recording's own.
WITHOUT: dict[str, set[str]] = {
    "test_event_source_mapping_lifecycle_delete_function": {"update_table_response"},
    "test_reserved_provisioned_overlap": {"reserved_equals_provisioned_latest_invoke_exc"},
    "test_create_lambda_exceptions": {"empty_architectures"},
    "test_lambda_url_persists_after_alias_delete": {
        "invoke_aliased_url_response", "invoke_deleted_alias_url_response_delayed"
    },
}  # fmt: skip
SIGNER = "arn:aws:signer:us-east-1:111111111111:/signing-profiles/test"
NAME = "lambda_func"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[f"test_{function.__name__}"] = function
    return function


# Functions.


@scenario
def function_lifecycle(r: Replay) -> Answers:
    answers = {"create_response": r.by_fixture(MemorySize=256, Timeout=5)}
    answers["get_function_response"] = r.fn.get_function(FunctionName=NAME)
    answers["update_func_conf_response"] = r.fn.update_function_configuration(
        FunctionName=NAME,
        Runtime="python3.11",
        Description="Changed-Description",
        MemorySize=512,
        Timeout=10,
        Environment={"Variables": {"ENV_A": "a"}},
    )
    r.wait()
    answers["get_function_response_postupdate"] = r.fn.get_function(FunctionName=NAME)
    answers["update_code_response"] = r.fn.update_function_code(FunctionName=NAME, ZipFile=zipped("other"))
    r.wait()
    answers["get_function_response_postcodeupdate"] = r.fn.get_function(FunctionName=NAME)
    answers["delete_response"] = r.fn.delete_function(FunctionName=NAME)
    answers["delete_postdelete"] = r.error(r.fn.delete_function, FunctionName=NAME)
    return answers


@scenario
def redundant_updates(r: Replay) -> Answers:
    answers = {"create_response": r.by_fixture(Description="Initial description")}
    change = {"FunctionName": NAME, "Description": "1st update description"}
    answers["first_update_result"] = r.fn.update_function_configuration(**change)
    r.wait()
    answers["get_fn_config_result"] = r.fn.get_function_configuration(FunctionName=NAME)
    answers["get_fn_result"] = r.fn.get_function(FunctionName=NAME)
    answers["redundant_update_result"] = r.fn.update_function_configuration(**change)
    r.wait()
    answers["get_fn_result_after_redundant_update"] = r.fn.get_function(FunctionName=NAME)
    return answers


@scenario
def create_lambda_exceptions(r: Replay) -> Answers:
    def refused(**given: Any) -> Answers:
        return r.error(r.plainly, **given)

    return {
        "invalid_role_arn_exc": refused(Role="r1"),
        "invalid_runtime_exc": refused(Runtime="non-existent-runtime"),
        "uppercase_runtime_exc": refused(Runtime="PYTHON3.9"),
        "multiple_architectures": refused(Architectures=["x86_64", "arm64"]),
        "uppercase_architecture": refused(Architectures=["X86_64"]),
        "invalid_zip_exc": refused(Code={"ZipFile": b"this is not a zipfile"}),
    }


@scenario
def create_deprecated_function_runtime_with_validation_enabled(r: Replay) -> Answers:
    return {"deprecation_error": r.error(r.plainly, Runtime=r.variant)}


@scenario
def delete_on_nonexisting_version(r: Replay) -> Answers:
    return {
        "delete_function_response_non_existent": r.error(r.fn.delete_function, FunctionName="none"),
        "delete_function_response_non_existent_with_qualifier": r.error(
            r.fn.delete_function, FunctionName="none", Qualifier="1"
        ),
    }


@scenario
def get_function_wrong_region(r: Replay) -> Answers:
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:a"
    return {"wrong_region_exception": r.error(getattr(r.fn, r.variant), FunctionName=arn)}


@scenario
def ops_on_nonexisting_fn(r: Replay) -> Answers:
    return {"not_found_exception": r.error(getattr(r.fn, r.variant), FunctionName="none")}


@scenario
def ops_on_nonexisting_version(r: Replay) -> Answers:
    r.make()
    return {"version_not_found_exception": r.error(getattr(r.fn, r.variant), FunctionName=NAME, Qualifier="1221")}


@scenario
def ops_with_arn_qualifier_mismatch(r: Replay) -> Answers:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:some-function:$LATEST"
    call = getattr(r.fn, r.variant)
    return {
        "not_match_exception": r.error(call, FunctionName=arn, Qualifier="1"),
        "match_exception": r.error(call, FunctionName=arn, Qualifier="$LATEST"),
    }


LONG = "a" * 65
CASES: dict[str, tuple[str, str]] = {
    "full_arn_and_qualifier_too_long_and_invalid_region": (
        f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:my-function-{'a' * 170}", "a" * 129,
    ),
    "full_arn_with_multiple_qualifiers": (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:my-function:1:2", ""),
    "function_name_and_qualifier_too_long": ("my-function", LONG),
    "function_name_is_single_invalid": ("*", ""),
    "function_name_too_long": (LONG, ""),
    "function_name_too_long_and_invalid_region": (
        f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:my-function{'a' * 170}", "",
    ),
    "incomplete_arn": ("arn:aws:lambda:us-east-1:111111111111:function", ""),
    "invalid_account_id_in_partial_arn": ("invalid-account:function:my-function", ""),
    "invalid_characters_in_function_name": ("my-function!", ""),
    "invalid_characters_in_qualifier": ("my-function", "invalid!"),
    "latest_version_with_additional_qualifier": ("my-function:$LATEST", "1"),
    "lowercase_latest_qualifier": ("my-function", "$latest"),
    "missing_account_id_in_arn": (f"arn:aws:lambda:{REGION}::function:my-function", ""),
    "missing_region_in_arn": (f"arn:aws:lambda::{ACCOUNT}:function:my-function", ""),
    "misspelled_latest_in_arn": (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:my-function:$LATES", ""),
    "non_lambda_arn": (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance:i-1234567890abcdef0", ""),
    "partial_arn_with_extra_qualifier": ("function:my-function:$LATEST:extra", ""),
    "qualifier_too_long": ("my-function", "a" * 129),
    "qualifier_too_long0": ("my-function", "a" * 129),
    "qualifier_too_long1": ("my-function", "a" * 128),
}  # fmt: skip


@scenario
def function_name_and_qualifier_validation(r: Replay) -> Answers:
    """What the recording made of the message of several violations is made of ours."""
    case, _, operation = r.variant.rpartition("-")
    name, qualifier = CASES[case]
    if operation == "create_function":
        given = f"{name}:{qualifier}" if qualifier else name
        found = r.error(r.plainly, given)["Error"]
    else:
        more = {"Qualifier": qualifier} if qualifier else {}
        found = r.error(getattr(r.fn, operation), FunctionName=name, **more)["Error"]
    head, _, rest = found["Message"].partition(" detected: ")
    if not rest:
        return {f"{operation}_exception": found}
    listed = rest.split("; ")
    return {f"{operation}_exception": {"Code": found["Code"], "Count": int(head.split()[0]), "Errors": listed}}


@scenario
def lambda_code_location_s3(r: Replay) -> Answers:
    s3 = r.client("s3")
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="code.zip", Body=zipped())
    place = {"S3Bucket": "packages", "S3Key": "code.zip"}
    answers = {"create_response_s3": r.plainly(Code=place)}
    answers["get-function-response"] = r.fn.get_function(FunctionName=NAME)
    s3.put_object(Bucket="packages", Key="code.zip", Body=zipped("other"))
    answers["update-function-response"] = r.fn.update_function_code(FunctionName=NAME, **place)
    answers["get-function-response-updated"] = r.fn.get_function(FunctionName=NAME)
    return answers


@scenario
def lambda_concurrent_config_updates(r: Replay) -> Answers:
    answers: Answers = {"create-function-response": r.by_fixture()}
    r.fn.update_function_configuration(FunctionName=NAME, Timeout=10)
    answers["update-during-in-progress-update-exc"] = r.error(
        r.fn.update_function_configuration, FunctionName=NAME, Timeout=20
    )
    return answers


@scenario
def list_functions(r: Replay) -> Answers:
    answers: Answers = {"create_response_1": r.by_fixture(name="list-1", Publish=True)}
    answers["create_response_2"] = r.by_fixture(name="list-2", Code={"ZipFile": zipped("other")})
    answers["list_functions_invalid_functionversion"] = r.error(r.fn.list_functions, FunctionVersion="invalid")
    answers["list_default"] = {"Functions": r.fn.list_functions()["Functions"]}
    answers["list_all"] = {"Functions": r.fn.list_functions(FunctionVersion="ALL")["Functions"]}
    return answers


@scenario
def invalid_vpc_config_security_group(r: Replay) -> Answers:
    wrong = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["not-a-group"]}
    return {"create-response-invalid-format-security-group": r.error(r.plainly, VpcConfig=wrong)}


WITHOUT["test_invalid_vpc_config_security_group"] = {"create-response-non-existent-security-group"}


@scenario
def function_revisions_basic(r: Replay) -> Answers:
    answers: Answers = {"create_function_response_rev1": r.by_fixture(Handler="index.handler")}
    rev2 = answers["get_function_response_rev2"] = r.fn.get_function(FunctionName=NAME)
    code = {"FunctionName": NAME, "ZipFile": zipped("other")}
    answers["update_function_revision_exception"] = r.error(
        r.fn.update_function_code, RevisionId="00000000-0000-0000-0000-000000000000", **code
    )
    rev3 = answers["update_function_code_response_rev3"] = r.fn.update_function_code(
        RevisionId=rev2["Configuration"]["RevisionId"], **code
    )
    r.wait()
    rev4 = answers["get_function_response_rev4"] = r.fn.get_function(FunctionName=NAME)
    answers["update_function_configuration_revision_exception"] = r.error(
        r.fn.update_function_configuration, FunctionName=NAME, Runtime="python3.8", RevisionId=rev3["RevisionId"]
    )
    answers["update_function_configuration_response_rev5"] = r.fn.update_function_configuration(
        FunctionName=NAME, Runtime="python3.8", RevisionId=rev4["Configuration"]["RevisionId"]
    )
    r.wait()
    answers["get_function_response_rev6"] = r.fn.get_function(FunctionName=NAME)
    return answers


@scenario
def function_revisions_permissions(r: Replay) -> Answers:
    r.make()
    given = {"FunctionName": NAME, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    r.fn.add_permission(StatementId="s3", **given)
    wrong = r.error(r.fn.add_permission, StatementId="s3_2", RevisionId="wrong", **given)
    return {"add_permission_revision_exception": wrong}


@scenario
def lambda_envvars_near_limit_succeeds(r: Replay) -> Answers:
    large = recorded_environment("test_lambda_envvars_near_limit_succeeds")
    return {"successful_create_fn_result": r.by_fixture(name="envvars", Environment={"Variables": large})}


def recorded_environment(name: str) -> dict[str, str]:
    (test,) = (test for id, test in RECORDED.items() if id.endswith(name))
    (answer,) = test["content"].values()
    return dict(answer["CreateFunctionResponse"]["Environment"]["Variables"])


@scenario
def large_environment_fails_multiple_keys(r: Replay) -> Answers:
    (test,) = (test for id, test in RECORDED.items() if id.endswith("test_large_environment_fails_multiple_keys"))
    message = test["content"]["failured_create_fn_result_multi_key"]["message"]
    variables = json.loads(message.partition("String measured: ")[2])
    answer = r.error(r.make, Environment={"Variables": variables})
    return {"failured_create_fn_result_multi_key": answer}


@scenario
def large_lambda(r: Replay) -> Answers:
    return {
        "create_function_large_zip": r.plainly(
            Handler="handler.handler", Timeout=10, Code={"ZipFile": zipped("#" * 10_000_000)}
        )
    }


@scenario
def oversized_unzipped_lambda(r: Replay) -> Answers:
    """A bomb: a quarter of a megabyte that would unpack to 250."""
    return {"invalid_param_exc": r.error(r.plainly, Code={"ZipFile": bomb()})}


def bomb() -> bytes:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(250):
            archive.writestr(f"{number}", bytes(2**20))
    return packed.getvalue()


@scenario
def snapstart_update_function_configuration(r: Replay) -> Answers:
    answers: Answers = {"create_function_response": r.plainly("snap", Runtime=r.variant, **of_variant(r.variant))}
    answers["update_function_response"] = r.fn.update_function_configuration(
        FunctionName="snap", SnapStart={"ApplyOn": "PublishedVersions"}
    )
    return answers


def of_variant(runtime: str) -> dict[str, Any]:
    """The members of the recorded function that tell how it was made."""
    for id, test in RECORDED.items():
        if id.endswith(f"test_snapstart_update_function_configuration[{runtime}]"):
            made = test["content"]["create_function_response"]
            return {name: made[name] for name in ("Handler", "MemorySize", "Timeout", "Environment") if name in made}
    raise AssertionError(runtime)


# Versions and aliases.


@scenario
def version_lifecycle(r: Replay) -> Answers:
    answers: Answers = {"create_response": r.plainly(Description="No version :(")}
    answers["get_function_result"] = r.fn.get_function(FunctionName=NAME)
    answers["list_versions_result"] = r.fn.list_versions_by_function(FunctionName=NAME)
    answers["first_update_response"] = r.fn.update_function_configuration(
        FunctionName=NAME, Description="First version :)"
    )
    r.wait()
    answers["first_update_get_function"] = r.fn.get_function(FunctionName=NAME)
    answers["first_publish_response"] = r.fn.publish_version(
        FunctionName=NAME, Description="First version description :)"
    )
    answers["first_publish_get_function"] = r.fn.get_function(FunctionName=NAME, Qualifier="1")
    answers["first_publish_get_function_config"] = r.fn.get_function_configuration(FunctionName=NAME, Qualifier="1")
    answers["second_update_response"] = r.fn.update_function_configuration(
        FunctionName=NAME, Description="Second version :))"
    )
    r.wait()
    answers["first_publish_get_function_after_update"] = r.fn.get_function(FunctionName=NAME, Qualifier="1")
    answers["second_publish_response"] = r.fn.publish_version(FunctionName=NAME)
    answers["third_publish_response"] = r.fn.publish_version(FunctionName=NAME, Description="Third version desc")
    answers["list_versions_result_after_third_publish"] = r.fn.list_versions_by_function(FunctionName=NAME)
    r.fn.delete_function(FunctionName=NAME, Qualifier="1")
    answers["list_versions_result_after_deletion_of_first_version"] = r.fn.list_versions_by_function(FunctionName=NAME)
    return answers


@scenario
def publish_with_wrong_sha256(r: Replay) -> Answers:
    answers: Answers = {"create_response": r.plainly()}
    answers["get_fn_response"] = r.fn.get_function(FunctionName=NAME)
    answers["publish_wrong_sha256_exc"] = r.error(
        r.fn.publish_version, FunctionName=NAME, CodeSha256="somenonexistentsha256"
    )
    sha = answers["get_fn_response"]["Configuration"]["CodeSha256"]
    answers["publish_result"] = r.fn.publish_version(FunctionName=NAME, CodeSha256=sha)
    return answers


@scenario
def non_existent_alias_update(r: Replay) -> Answers:
    return {
        "create_response": r.plainly(Environment={"Variables": {"testenv": "staging"}}),
        "update_alias_response": r.error(r.fn.update_alias, FunctionName=NAME, Name="non-existent"),
    }


@scenario
def notfound_and_invalid_routingconfigs(r: Replay) -> Answers:
    fn, env = r.fn, {"Variables": {"testenv": "staging"}}
    answers: Answers = {"create_response": r.plainly(Publish=True, Environment=env)}
    answers["publish_v1"] = fn.publish_version(FunctionName=NAME)
    fn.update_function_configuration(FunctionName=NAME, Environment={"Variables": {"testenv": "prod"}})
    r.wait()
    answers["publish_v2"] = fn.publish_version(FunctionName=NAME)

    def refused(version: str = "1", weights: Any = None, name: str = "custom", function: str = NAME) -> Answers:
        given = {"FunctionName": function, "Name": name, "FunctionVersion": version}
        return r.error(fn.create_alias, **given, RoutingConfig={"AdditionalVersionWeights": weights or {}})

    answers["routing_config_exc_toomany"] = refused(weights={"1": 0.1, "2": 0.1})
    answers["routing_config_exc_toohigh"] = refused(weights={"2": 2})
    answers["routing_config_exc_subzero"] = refused(weights={"2": -1})
    answers["routing_config_exc_sameversion"] = refused(weights={"1": 0.5})
    answers["routing_config_exc_version_doesnotexist"] = refused(weights={"10": 0.5})
    answers["routing_config_exc_version_latest"] = refused(weights={"$LATEST": 0.5})
    answers["target_version_exc_version_latest"] = refused("$LATEST", {"1": 0.5})
    answers["target_version_doesnotexist"] = refused("10", {"2": 0.5})
    answers["routing_config_exc_fn_doesnotexist"] = refused(weights={"2": 0.5}, function=f"{NAME}-unknown")
    answers["create-alias-latest"] = fn.create_alias(FunctionName=NAME, Name="custom-latest", FunctionVersion="$LATEST")
    answers["create_alias_empty_routingconfig"] = fn.create_alias(
        FunctionName=NAME, Name="custom-empty-routingconfig", FunctionVersion="1", RoutingConfig={}
    )
    answers["create_alias_response"] = fn.create_alias(
        FunctionName=NAME,
        Name="custom",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    answers["routing_config_exc_already_exist"] = refused(weights={"2": 0.5})
    answers["alias_does_not_exist_esc"] = r.error(fn.get_alias, FunctionName=NAME, Name="non-existent")
    return answers


# Layers.


@scenario
def layer_lifecycle(r: Replay) -> Answers:
    fn, answers = r.fn, {}
    r.make()
    answers["get_fn_result"] = fn.get_function(FunctionName=NAME)
    answers["get_fn_config_result"] = fn.get_function_configuration(FunctionName=NAME)
    given = {
        "LayerName": "layer",
        "CompatibleRuntimes": ["python3.12"],
        "CompatibleArchitectures": ["x86_64"],
        "LicenseInfo": "free",
        "Description": "mine",
        "Content": {"ZipFile": zipped("layer")},
    }
    answers["publish_result"] = made = fn.publish_layer_version(**given)
    answers["update_fn_config"] = fn.update_function_configuration(FunctionName=NAME, Layers=[made["LayerVersionArn"]])
    r.wait()
    answers["get_fn_config"] = fn.get_function_configuration(FunctionName=NAME)
    answers["get_layer_ver_result"] = fn.get_layer_version(LayerName="layer", VersionNumber=1)
    answers["get_layer_by_arn_version"] = fn.get_layer_version_by_arn(Arn=made["LayerVersionArn"])
    answers["publish_result_2"] = fn.publish_layer_version(**given)
    answers["list_layer_versions_predelete"] = fn.list_layer_versions(LayerName="layer")
    answers["delete_layer_1"] = fn.delete_layer_version(LayerName="layer", VersionNumber=1)
    answers["get_fn_config_postdelete"] = fn.get_function_configuration(FunctionName=NAME)
    answers["delete_layer_2"] = fn.delete_layer_version(LayerName="layer", VersionNumber=2)
    answers["list_layer_versions_postdelete"] = fn.list_layer_versions(LayerName="layer")
    answers["publish_result_3"] = fn.publish_layer_version(**given)
    return answers


@scenario
def layer_exceptions(r: Replay) -> Answers:
    fn, answers = r.fn, {}
    code = {"Content": {"ZipFile": zipped("layer")}}
    both = {"CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}
    answers["publish_result"] = fn.publish_layer_version(LayerName="layer", **code, **both)
    answers["publish_layer_version_exc_invalid_runtime_arch"] = r.error(
        fn.publish_layer_version,
        LayerName="layer",
        CompatibleRuntimes=["invalidruntime"],
        CompatibleArchitectures=["invalidarch"],
        **code,
    )
    answers["publish_layer_version_exc_partially_invalid_values"] = r.error(
        fn.publish_layer_version,
        LayerName="layer",
        CompatibleRuntimes=["invalidruntime", "invalidruntime2", "nodejs20.x"],
        CompatibleArchitectures=["invalidarch", "x86_64"],
        **code,
    )
    answers["publish_empty_result"] = fn.publish_layer_version(
        LayerName="empty", CompatibleRuntimes=[], CompatibleArchitectures=[], **code
    )
    for key, name, number in (
        ("layer_doesnotexist", "none", 1),
        ("layer_version_doesnotexist_negative", "layer", -1),
        ("layer_version_doesnotexist_zero", "layer", 0),
        ("layer_version_doesnotexist_2", "layer", 2),
    ):
        call = {"LayerName": name, "VersionNumber": number}
        answers[f"get_layer_version_exc_{key}"] = r.error(fn.get_layer_version, **call)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:layer"
    answers["get_layer_version_by_arn_exc_invalidarn"] = r.error(fn.get_layer_version_by_arn, Arn=arn)
    answers["get_layer_version_by_arn_exc_nonexistentversion"] = r.error(fn.get_layer_version_by_arn, Arn=f"{arn}:2")
    answers["list_nonexistent_layer"] = fn.list_layer_versions(LayerName="none")
    answers["list_layers_exc_compatibleruntime_invalid"] = r.error(
        fn.list_layers, CompatibleRuntime="runtimedoesnotexist"
    )
    answers["list_layers_exc_compatiblearchitecture_invalid"] = r.error(
        fn.list_layers, CompatibleArchitecture="archdoesnotexist"
    )
    answers["delete_nonexistent_response"] = fn.delete_layer_version(LayerName="none", VersionNumber=1)
    answers["delete_nonexistent_version_response"] = fn.delete_layer_version(LayerName="layer", VersionNumber=2)
    answers["delete_layer_version_exc_layerversion_invalid_version"] = r.error(
        fn.delete_layer_version, LayerName="layer", VersionNumber=-1
    )
    answers["delete_layer_response"] = fn.delete_layer_version(LayerName="layer", VersionNumber=1)
    answers["delete_layer_again_response"] = fn.delete_layer_version(LayerName="layer", VersionNumber=1)
    return answers


@scenario
def layer_policy_lifecycle(r: Replay) -> Answers:
    fn, version = r.fn, {"LayerName": "layer", "VersionNumber": 1}
    code = {"Content": {"ZipFile": zipped("layer")}}
    both = {"CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}
    answers: Answers = {"publish_result": fn.publish_layer_version(LayerName="layer", **code, **both)}
    allow = {**version, "Action": "lambda:GetLayerVersion", "Principal": "*"}
    answers["add_policy_s1"] = fn.add_layer_version_permission(StatementId="s1", **allow)
    answers["get_layer_version_policy"] = fn.get_layer_version_policy(**version)
    answers["add_policy_s2"] = fn.add_layer_version_permission(StatementId="s2", **allow)
    answers["get_layer_version_policy_postadd2"] = fn.get_layer_version_policy(**version)
    answers["remove_s2"] = fn.remove_layer_version_permission(StatementId="s2", **version)
    answers["get_layer_version_policy_postdeletes2"] = fn.get_layer_version_policy(**version)
    return answers


@scenario
def layer_s3_content(r: Replay) -> Answers:
    s3 = r.client("s3")
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="layer.zip", Body=zipped("layer"))
    place = {"S3Bucket": "packages", "S3Key": "layer.zip"}
    return {"publish_layer_result": r.fn.publish_layer_version(LayerName="layer", Content=place)}


# Policies.


def allowing(r: Replay, sid: str, principal: str = "s3.amazonaws.com", **given: Any) -> Answers:
    given = {"FunctionName": NAME, "Action": "lambda:InvokeFunction", "Principal": principal} | given
    return dict(r.fn.add_permission(StatementId=sid, **given))


OF_BUCKET = {"SourceArn": "arn:aws:s3:::bucket"}


@scenario
def lambda_permission_versioning(r: Replay) -> Answers:
    r.make()
    answers: Answers = {"add_permission": allowing(r, "s3", **OF_BUCKET)}
    answers["get_policy"] = r.fn.get_policy(FunctionName=NAME)
    r.fn.publish_version(FunctionName=NAME)
    answers["get_policy_after_publishing_latest"] = r.fn.get_policy(FunctionName=NAME)
    version = {"FunctionName": NAME, "Qualifier": "1"}
    answers["get_policy_after_publishing_new_version"] = r.error(r.fn.get_policy, **version)
    allowing(r, "s3", Qualifier="1", **OF_BUCKET)
    answers["get_policy_after_adding_to_new_version"] = r.fn.get_policy(FunctionName=NAME)
    allowing(r, "s3_2", **OF_BUCKET)
    answers["get_policy_after_adding_2"] = r.fn.get_policy(FunctionName=NAME)
    return answers


@scenario
def lambda_permission_fn_versioning(r: Replay) -> Answers:
    answers = {}
    fn, version = r.fn, {"FunctionName": NAME, "Qualifier": "1"}
    r.make()
    answers["add_permission"] = allowing(r, "s3", **OF_BUCKET)
    answers["get_policy"] = fn.get_policy(FunctionName=NAME)
    answers["publish_version_result"] = fn.publish_version(FunctionName=NAME)
    answers["get_policy_after_publishing_latest"] = fn.get_policy(FunctionName=NAME)
    answers["get_policy_after_publishing_new_version"] = r.error(fn.get_policy, **version)
    answers["get_function_result_after_publishing"] = fn.get_function(FunctionName=NAME)
    allowing(r, "s3", Qualifier="1", **OF_BUCKET)
    answers["get_policy_after_adding_to_new_version"] = fn.get_policy(FunctionName=NAME)
    answers["get_policy_version"] = fn.get_policy(**version)
    answers["create_alias_response"] = fn.create_alias(FunctionName=NAME, Name="permission-alias", FunctionVersion="1")
    alias = {"FunctionName": NAME, "Qualifier": "permission-alias"}
    answers["get_alias"] = fn.get_alias(FunctionName=NAME, Name="permission-alias")
    answers["add_permission_alias_revision_exception"] = r.error(
        fn.add_permission,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        RevisionId="wrong",
        **alias,
    )
    allowing(r, "s3", Qualifier="permission-alias", **OF_BUCKET)
    answers["get_policy_alias"] = fn.get_policy(**alias)
    allowing(r, "s3_2", **OF_BUCKET)
    answers["get_policy_after_adding_2"] = fn.get_policy(FunctionName=NAME)
    return answers


@scenario
def add_lambda_permission_aws(r: Replay) -> Answers:
    answers: Answers = {"create_lambda": r.by_fixture()}
    answers["add_permission"] = allowing(r, "s3", **OF_BUCKET)
    answers["get_policy"] = r.fn.get_policy(FunctionName=NAME)
    return answers


@scenario
def create_multiple_lambda_permissions(r: Replay) -> Answers:
    r.make()
    return {
        "add_permission_response_1": allowing(r, "logs", "logs.amazonaws.com"),
        "add_permission_response_2": allowing(r, "kinesis", "kinesis.amazonaws.com"),
        "policy_after_2_add": r.fn.get_policy(FunctionName=NAME),
    }


@scenario
def remove_multi_permissions(r: Replay) -> Answers:
    r.make()
    answers: Answers = {"add_permission_1": allowing(r, "s3")}
    answers["add_permission_2"] = allowing(r, "sqs", "sqs.amazonaws.com", **OF_BUCKET)
    answers["policy_after_2_add"] = r.fn.get_policy(FunctionName=NAME)
    answers["remove_permission_exception_nonexisting_sid"] = r.error(
        r.fn.remove_permission, FunctionName=NAME, StatementId="non-existent"
    )
    r.fn.remove_permission(FunctionName=NAME, StatementId="sqs")
    answers["policy_after_removal"] = answers["policy_after_removal_attempt"] = r.fn.get_policy(FunctionName=NAME)
    r.fn.remove_permission(FunctionName=NAME, StatementId="s3")
    answers["get_policy_exception_removed_all"] = r.error(r.fn.get_policy, FunctionName=NAME)
    return answers


@scenario
def permission_exceptions(r: Replay) -> Answers:
    r.make()
    answers: Answers = {}

    def refused(key: str, **given: Any) -> None:
        wanted = {"StatementId": "s3", "Principal": "s3.amazonaws.com", "FunctionName": NAME} | given
        answers[f"add_permission_{key}"] = r.error(r.fn.add_permission, Action="lambda:InvokeFunction", **wanted)

    refused("invalid_statement_id", StatementId="example.com")
    refused("fn_qualifier_mismatch", FunctionName=f"{ARN}:alias-not-42", Qualifier="42")
    refused("fn_doesnotexist", FunctionName="doesnotexist")
    refused("fn_qualifier_invalid", Qualifier="invalid-qualifier-with-?-char")
    refused("fn_qualifier_valid_doesnotexist", Qualifier="valid-with-$-but-doesnotexist")
    refused("fn_qualifier_latest", Qualifier="$LATEST")
    refused("fn_version_doesnotexist", Qualifier="42")
    refused("fn_alias_doesnotexist", Qualifier="alias-doesnotexist")
    refused("principal_invalid", Principal="invalid.nonaws.com")
    answers["get_policy_fn_doesnotexist"] = r.error(r.fn.get_policy, FunctionName="doesnotexist")
    answers["get_policy_fn_version_doesnotexist"] = r.error(r.fn.get_policy, FunctionName=NAME, Qualifier="42")
    remove = {"StatementId": "s3"}
    answers["remove_permission_policy_doesnotexist"] = r.error(r.fn.remove_permission, FunctionName=NAME, **remove)
    allowing(r, "s3")
    refused("conflicting_statement_id")
    answers["remove_permission_fn_doesnotexist"] = r.error(
        r.fn.remove_permission, FunctionName="doesnotexist", **remove
    )
    answers["remove_permission_fn_alias_doesnotexist"] = r.error(
        r.fn.remove_permission, FunctionName=NAME, Qualifier="alias-doesnotexist", **remove
    )
    return answers


# Concurrency.


@scenario
def function_concurrency(r: Replay) -> Answers:
    r.make()
    put = {"FunctionName": NAME}
    answers: Answers = {}
    for count in (0, 1):
        answers[f"put_function_concurrency_with_reserved_{count}"] = r.fn.put_function_concurrency(
            ReservedConcurrentExecutions=count, **put
        )
    answers["get_function_concurrency"] = r.fn.get_function_concurrency(**put)
    answers["delete_response"] = r.fn.delete_function_concurrency(**put)
    answers["get_function_concurrency_after_delete"] = r.fn.get_function_concurrency(**put)
    return answers


@scenario
def lambda_concurrency_crud(r: Replay) -> Answers:
    r.make()
    answers: Answers = {"get_function_concurrency_default": r.fn.get_function_concurrency(FunctionName=NAME)}
    answers["put_function_concurrency"] = r.fn.put_function_concurrency(
        FunctionName=NAME, ReservedConcurrentExecutions=0
    )
    answers["get_function_concurrency_updated"] = r.fn.get_function_concurrency(FunctionName=NAME)
    r.fn.delete_function_concurrency(FunctionName=NAME)
    answers["get_function_concurrency_deleted"] = r.fn.get_function_concurrency(FunctionName=NAME)
    return answers


@scenario
def lambda_concurrency_update(r: Replay) -> Answers:
    r.make()
    r.fn.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=2)
    answers: Answers = {
        "put_function_concurrency": r.fn.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=3)
    }
    answers["get_function_concurrency_updated"] = r.fn.get_function_concurrency(FunctionName=NAME)
    answers["get_function_concurrency_info"] = r.fn.get_function(FunctionName=NAME)
    r.fn.delete_function_concurrency(FunctionName=NAME)
    answers["get_function_concurrency_deleted"] = r.fn.get_function_concurrency(FunctionName=NAME)
    return answers


@scenario
def reserved_provisioned_overlap(r: Replay) -> Answers:
    fn, version = r.fn, {"FunctionName": NAME, "Qualifier": "1"}
    r.make()
    fn.publish_version(FunctionName=NAME)
    answers: Answers = {
        "put_provisioned_5": fn.put_provisioned_concurrency_config(ProvisionedConcurrentExecutions=2, **version)
    }
    answers["get_provisioned_prewait"] = fn.get_provisioned_concurrency_config(**version)
    r.wait()
    answers["get_provisioned_postwait"] = fn.get_provisioned_concurrency_config(**version)
    reserve = {"FunctionName": NAME}
    answers["reserved_lower_than_provisioned_exc"] = r.error(
        fn.put_function_concurrency, ReservedConcurrentExecutions=1, **reserve
    )
    fn.put_function_concurrency(ReservedConcurrentExecutions=2, **reserve)
    answers["get_concurrency"] = fn.get_function_concurrency(**reserve)
    answers["update_func_config"] = fn.update_function_configuration(FunctionName=NAME, Timeout=15)
    r.wait()
    fn.publish_version(FunctionName=NAME)
    other = {"FunctionName": NAME, "Qualifier": "2"}
    answers["reserved_equals_provisioned_another_provisioned_exc"] = r.error(
        fn.put_provisioned_concurrency_config, ProvisionedConcurrentExecutions=1, **other
    )
    answers["reserved_equals_provisioned_increase_provisioned_exc"] = r.error(
        fn.put_provisioned_concurrency_config, ProvisionedConcurrentExecutions=3, **version
    )
    return answers


@scenario
def provisioned_concurrency_on_alias(r: Replay) -> Answers:
    alias = {"FunctionName": NAME, "Qualifier": "alias"}
    r.make()
    r.fn.publish_version(FunctionName=NAME)
    r.fn.create_alias(FunctionName=NAME, Name="alias", FunctionVersion="1")
    answers: Answers = {
        "put_provisioned_5": r.fn.put_provisioned_concurrency_config(ProvisionedConcurrentExecutions=5, **alias)
    }
    answers["get_provisioned_prewait"] = r.fn.get_provisioned_concurrency_config(**alias)
    r.wait()
    answers["get_provisioned_postwait"] = r.fn.get_provisioned_concurrency_config(**alias)
    return answers


@scenario
def provisioned_concurrency_exceptions(r: Replay) -> Answers:
    fn, answers = r.fn, {}
    r.make()
    answers["publish_version_result"] = fn.publish_version(FunctionName=NAME)
    there: dict[str, tuple[str, str]] = {
        "functionname_doesnotexist": ("doesnotexist", "noalias"),
        "qualifier_doesnotexist": (NAME, "noalias"),
        "version_doesnotexist": (NAME, "10"),
        "latest": (NAME, "$LATEST"),
    }
    for key, (name, qualifier) in there.items():
        call = {"FunctionName": name, "Qualifier": qualifier}
        answers[f"get_provisioned_{key}"] = r.error(fn.get_provisioned_concurrency_config, **call)
        if key == "functionname_doesnotexist":
            call["Qualifier"] = "1"
        answers[f"delete_provisioned_{key}"] = r.error(fn.delete_provisioned_concurrency_config, **call)
    version = {"FunctionName": NAME, "Qualifier": "1"}
    answers["get_provisioned_config_doesnotexist"] = r.error(fn.get_provisioned_concurrency_config, **version)
    answers["delete_provisioned_config_doesnotexist"] = fn.delete_provisioned_concurrency_config(**version)
    answers["list_provisioned_noconfigs"] = fn.list_provisioned_concurrency_configs(FunctionName=NAME)
    answers["list_provisioned_functionname_doesnotexist"] = r.error(
        fn.list_provisioned_concurrency_configs, FunctionName="doesnotexist"
    )

    def put(name: str, qualifier: str, count: int = 1) -> Answers:
        given = {"FunctionName": name, "Qualifier": qualifier, "ProvisionedConcurrentExecutions": count}
        return r.error(fn.put_provisioned_concurrency_config, **given)

    answers["put_provisioned_functionname_doesnotexist_alias"] = put("doesnotexist", "noalias")
    answers["put_provisioned_functionname_doesnotexist_version"] = put("doesnotexist", "1")
    answers["put_provisioned_qualifier_doesnotexist"] = put(NAME, "doesnotexist")
    answers["put_provisioned_version_doesnotexist"] = put(NAME, "10")
    answers["put_provisioned_latest"] = put(NAME, "$LATEST")
    answers["put_provisioned_invalid_param_0"] = put(NAME, "1", 0)
    return answers


@scenario
def provisioned_concurrency_limits(r: Replay) -> Answers:
    r.make()
    r.fn.publish_version(FunctionName=NAME)
    version = {"FunctionName": NAME, "Qualifier": "1"}
    put: Callable[..., Any] = r.fn.put_provisioned_concurrency_config
    return {
        "put_provisioned_concurrency_account_limit_exceeded": r.error(
            put, ProvisionedConcurrentExecutions=1001, **version
        ),
        "put_provisioned_concurrency_below_unreserved_min_value": r.error(
            put, ProvisionedConcurrentExecutions=901, **version
        ),
    }


@scenario
def account_settings(r: Replay) -> Answers:
    found = r.fn.get_account_settings()
    return {"acc_settings_modded": found | {name: sorted(found[name]) for name in ("AccountLimit", "AccountUsage")}}


# URLs.


@scenario
def url_config_deletion_without_qualifier(r: Replay) -> Answers:
    fn, url, alias = r.fn, {"FunctionName": NAME}, {"FunctionName": NAME, "Qualifier": "test-alias"}
    r.make()
    fn.create_alias(FunctionName=NAME, Name="test-alias", FunctionVersion="$LATEST")
    answers: Answers = {"url_creation": fn.create_function_url_config(AuthType="NONE", **url)}
    answers["url_with_alias_creation"] = fn.create_function_url_config(AuthType="NONE", **alias)
    answers["get_url_config"] = fn.get_function_url_config(**url)
    answers["get_url_config_with_alias"] = fn.get_function_url_config(**alias)
    answers["delete_function_url_config"] = fn.delete_function_url_config(**url)
    answers["get_url_config_after_deletion"] = r.error(fn.get_function_url_config, **url)
    answers["get_url_config_with_alias_after_deletion"] = fn.get_function_url_config(**alias)
    return answers


@scenario
def lambda_url_invalid_invoke_mode(r: Replay) -> Answers:
    r.make()
    wrong = r.error(r.fn.create_function_url_config, FunctionName=NAME, AuthType="NONE", InvokeMode="UNKNOWN")
    return {"invoke_function_invalid_invoke_type": wrong}


@scenario
def lambda_url_persists_after_alias_delete(r: Replay) -> Answers:
    r.make()
    r.fn.create_alias(FunctionName=NAME, Name="url", FunctionVersion="$LATEST")
    made = r.fn.create_function_url_config(FunctionName=NAME, Qualifier="url", AuthType="NONE", InvokeMode="BUFFERED")
    deleted = r.fn.delete_alias(FunctionName=NAME, Name="url")
    return {"create_lambda_url_config": made, "delete_alias_resp": deleted}


# Logging, tags, code signing.


@scenario
def advanced_logging_configuration_format_switch(r: Replay) -> Answers:
    answers = logged(r)
    for suffix, form in (("", "JSON"), ("_v2", "Text")):
        answers[f"updated_config{suffix}"] = r.fn.update_function_configuration(
            FunctionName=NAME, LoggingConfig={"LogFormat": form}
        )
        r.wait()
        answers[f"received_config{suffix}"] = r.fn.get_function_configuration(FunctionName=NAME)
    return answers


def logged(r: Replay) -> Answers:
    return {
        "create_response": r.by_fixture(MemorySize=256, Timeout=5),
        "get_function_response": r.fn.get_function(FunctionName=NAME),
        "function_config": r.fn.get_function_configuration(FunctionName=NAME),
    }


@scenario
def function_partial_advanced_logging_configuration_update(r: Replay) -> Answers:
    answers = logged(r)
    config = {
        "partial_config2": {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"},
        "partial_config3": {"LogGroup": "cool_lambda"},
    }[r.variant]
    answers["updated_config"] = r.fn.update_function_configuration(FunctionName=NAME, LoggingConfig=config)
    r.wait()
    answers["received_config"] = r.fn.get_function_configuration(FunctionName=NAME)
    return answers


@scenario
def code_signing_not_found_excs(r: Replay) -> Answers:
    fn, answers = r.fn, {}
    wrong = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'x' * 17}"
    none = "csc-test-doesnotexist"
    r.make()
    made = answers["create_code_signing_config"] = fn.create_code_signing_config(
        Description="Testing CodeSigning Config",
        AllowedPublishers={"SigningProfileVersionArns": [SIGNER]},
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )
    arn = made["CodeSigningConfig"]["CodeSigningConfigArn"]
    answers["delete_csc_notfound"] = r.error(fn.delete_code_signing_config, CodeSigningConfigArn=wrong)
    answers["nothing_to_delete_response"] = fn.delete_function_code_signing_config(FunctionName=NAME)
    answers["delete_function_csc_fnnotfound"] = r.error(fn.delete_function_code_signing_config, FunctionName=none)
    put = fn.put_function_code_signing_config
    answers["put_function_csc_invalid_fnname"] = r.error(put, FunctionName=none, CodeSigningConfigArn=arn)
    answers["put_function_csc_invalid_csc_arn"] = r.error(put, FunctionName=NAME, CodeSigningConfigArn=wrong)
    answers["put_function_csc_invalid_both"] = r.error(put, FunctionName=none, CodeSigningConfigArn=wrong)
    answers["update_csc_invalid_csc_arn"] = r.error(
        fn.update_code_signing_config, CodeSigningConfigArn=wrong, Description="new"
    )
    answers["update_csc_noupdates"] = r.error(fn.update_code_signing_config, CodeSigningConfigArn=wrong)
    answers["update_csc_noupdate_response"] = fn.update_code_signing_config(CodeSigningConfigArn=arn)
    answers["get_csc_invalid"] = r.error(fn.get_code_signing_config, CodeSigningConfigArn=wrong)
    answers["get_function_csc_fnwithoutcsc"] = fn.get_function_code_signing_config(FunctionName=NAME)
    answers["get_function_csc_nonexistingfn"] = r.error(fn.get_function_code_signing_config, FunctionName=none)
    listed = fn.list_functions_by_code_signing_config
    answers["list_functions_by_csc_fnwithoutcsc"] = listed(CodeSigningConfigArn=arn)
    answers["list_functions_by_csc_invalid_cscarn"] = r.error(listed, CodeSigningConfigArn=wrong)
    return answers


SCENARIOS_OF_SUITES: dict[str, Scenario] = {}


def tag_exceptions_of_tag(r: Replay) -> Answers:
    kind = "function" if r.variant == "lambda_function" else "capacity-provider"
    head = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
    answers = {}
    for key, call, more in (
        ("list", r.fn.list_tags, {}),
        ("tag", r.fn.tag_resource, {"Tags": {"a": "b"}}),
        ("untag", r.fn.untag_resource, {"TagKeys": ["a"]}),
    ):
        answers[f"not_found_exception_{key}"] = r.error(call, Resource=f"{head}:{kind}:none", **more)
    answers["invalid_arn_exception"] = r.error(r.fn.list_tags, Resource=f"{head}:foobar:none")
    answers["aliased_arn_exception"] = r.error(r.fn.list_tags, Resource=f"{head}:{kind}:none:alias")
    return answers


def tag_exceptions_of_tags(r: Replay) -> Answers:
    made = r.make()["FunctionArn"]
    tags = {"Tags": {"a": "b"}}
    return {
        "tag_lambda_invalidarn": r.error(r.fn.tag_resource, Resource="arn:aws:something", **tags),
        "tag_lambda_doesnotexist": r.error(r.fn.tag_resource, Resource=made.replace(NAME, "doesnotexist"), **tags),
        "tag_lambda_qualifier_doesnotexist": r.error(r.fn.tag_resource, Resource=f"{made}:v1", **tags),
        "tag_empty_tags": r.error(r.fn.tag_resource, Resource=made, Tags={}),
        "untag_empty_keys": r.error(r.fn.untag_resource, Resource=made, TagKeys=[]),
        "untag_nomatch": r.fn.untag_resource(Resource=made, TagKeys=["somekey"]),
        "list_tag_lambda_empty": r.fn.list_tags(Resource=made),
    }


SCENARIOS["TestLambdaTag.test_tag_exceptions"] = tag_exceptions_of_tag
SCENARIOS["TestLambdaTags.test_tag_exceptions"] = tag_exceptions_of_tags


@scenario
def tag_limits(r: Replay) -> Answers:
    many = {f"{number}_key": f"{number}_value" for number in range(51)}
    fifty = {f"{number}_key": f"{number}_value" for number in range(50)}
    answers: Answers = {"create_function_invalid_tags": r.error(r.make, Tags=many)}
    arn = r.make()["FunctionArn"]
    answers["tag_lambda_too_many_tags"] = r.error(r.fn.tag_resource, Resource=arn, Tags=many)
    answers["tag_response"] = r.fn.tag_resource(Resource=arn, Tags=fifty)
    answers["list_tags_response"] = r.fn.list_tags(Resource=arn)
    answers["get_fn_response"] = r.fn.get_function(FunctionName=NAME)
    answers["tag_lambda_too_many_tags_additional"] = r.error(r.fn.tag_resource, Resource=arn, Tags={"a_key": "a_value"})
    return answers


@scenario
def tag_nonexisting_resource(r: Replay) -> Answers:
    arn = r.make()["FunctionArn"]
    answers: Answers = {"pre_delete_get_function": r.fn.get_function(FunctionName=NAME)}
    r.fn.delete_function(FunctionName=NAME)
    answers["not_found_exception_tag"] = r.error(r.fn.tag_resource, Resource=arn, Tags={"a": "b"})
    answers["not_found_exception_untag"] = r.error(r.fn.untag_resource, Resource=arn, TagKeys=["a"])
    answers["not_found_exception_list"] = r.error(r.fn.list_tags, Resource=arn)
    return answers


@scenario
def tag_lifecycle(r: Replay) -> Answers:
    r.make()
    queue(r)
    arn = r.fn.create_event_source_mapping(FunctionName=NAME, EventSourceArn=QUEUE)["EventSourceMappingArn"]
    answers: Answers = {}

    def step(key: str, call: Callable[..., Any], **given: Any) -> None:
        answers[f"{key}_response"] = call(Resource=arn, **given)
        answers[f"{key}_response_listtags"] = r.fn.list_tags(Resource=arn)

    step("tag_single", r.fn.tag_resource, Tags={"A": "tag-a"})
    step("tag_multiple", r.fn.tag_resource, Tags={"B": "tag-b", "C": "tag-c"})
    step("tag_overlap", r.fn.tag_resource, Tags={"C": "tag-c-newsuffix", "D": "tag-d"})
    step("untag_single", r.fn.untag_resource, TagKeys=["A"])
    step("untag_multiple", r.fn.untag_resource, TagKeys=["B", "C"])
    step("untag_nonexisting", r.fn.untag_resource, TagKeys=["F"])
    step("untag_existing_and_nonexisting", r.fn.untag_resource, TagKeys=["D", "F"])
    return answers


# Asynchronous invocations.


@scenario
def lambda_eventinvokeconfig_lifecycle(r: Replay) -> Answers:
    fn, answers = r.fn, {}
    put, update, get = (
        fn.put_function_event_invoke_config,
        fn.update_function_event_invoke_config,
        fn.get_function_event_invoke_config,
    )
    latest, version = {"FunctionName": NAME}, {"FunctionName": NAME, "Qualifier": "1"}
    r.make()
    answers["put_invokeconfig_retries_0"] = put(MaximumRetryAttempts=0, **latest)
    answers["put_invokeconfig_eventage_60"] = put(MaximumEventAgeInSeconds=60, **latest)
    answers["update_invokeconfig_eventage_nochange"] = update(MaximumEventAgeInSeconds=60, **latest)
    answers["update_invokeconfig_retries"] = update(MaximumRetryAttempts=1, **latest)
    answers["get_invokeconfig"] = get(**latest)
    answers["get_invokeconfig_latest"] = get(Qualifier="$LATEST", **latest)
    answers["list_single_invokeconfig"] = fn.list_function_event_invoke_configs(FunctionName=NAME)
    answers["publish_version_result"] = fn.publish_version(FunctionName=NAME)
    answers["get_invokeconfig_postpublish"] = r.error(get, **version)
    answers["put_published_invokeconfig"] = put(MaximumEventAgeInSeconds=120, **version)
    answers["get_published_invokeconfig"] = get(**version)
    fn.delete_function_event_invoke_config(FunctionName=NAME)
    answers["list_paging_nolimit_postdelete"] = fn.list_function_event_invoke_configs(FunctionName=NAME)
    return answers


@scenario
def lambda_eventinvokeconfig_exceptions(r: Replay) -> Answers:
    fn = r.fn
    put, update = fn.put_function_event_invoke_config, fn.update_function_event_invoke_config
    get, delete = fn.get_function_event_invoke_config, fn.delete_function_event_invoke_config
    latest, alias = {"FunctionName": NAME}, "eventinvokealias"
    once = {"MaximumRetryAttempts": 1}
    other = r.make(name="other")["FunctionArn"]
    r.make()
    answers: Answers = {"fn_version_result": fn.publish_version(FunctionName=NAME)}
    answers["fn_alias_result"] = fn.create_alias(FunctionName=NAME, Name=alias, FunctionVersion="1")
    answers["put_functionname_name_notfound"] = r.error(put, FunctionName="doesnotexist", **once)
    answers["put_functionname_arn_notfound"] = r.error(put, FunctionName=ARN.replace(NAME, "doesnotexist"), **once)
    answers["put_functionname_nootherargs"] = r.error(put, **latest)

    def aim(member: str, **to: str) -> dict[str, Any]:
        return {"DestinationConfig": {member: to}, **latest}

    answers["put_destination_failure_no_destination_arn"] = put(**aim("OnFailure"))
    answers["put_destination_success_no_destination_arn"] = put(**aim("OnSuccess"))
    answers["put_destination_invalid_arn_pattern"] = r.error(
        put, **aim("OnFailure", Destination=ARN.replace(":lambda:", ":_-/!lambda:"))
    )
    answers["put_destination_lambda_doesntexist"] = r.error(
        put, **aim("OnSuccess", Destination=ARN.replace(NAME, "doesnotexist"))
    )
    answers["put_destination_recursive"] = r.error(put, **aim("OnSuccess", Destination=ARN))
    answers["put_destination_other_lambda"] = put(**aim("OnSuccess", Destination=other))
    answers["put_destination_invalid_service_arn"] = r.error(
        put, **aim("OnSuccess", Destination=ARN.replace(":lambda:", ":iam:"))
    )
    answers["put_alias_functionname_qualifier"] = put(Qualifier=alias, **once, **latest)
    answers["put_alias_qualifiedarn"] = put(FunctionName=f"{ARN}:{alias}", **once)
    answers["put_alias_qualifiedarn_qualifier"] = put(FunctionName=f"{ARN}:{alias}", Qualifier=alias, **once)
    answers["put_alias_shorthand"] = put(FunctionName=f"{NAME}:{alias}", **once)
    answers["put_alias_shorthand_qualifier"] = put(FunctionName=f"{NAME}:{alias}", Qualifier=alias, **once)
    answers["put_version_shorthand"] = put(FunctionName=f"{NAME}:1", **once)
    answers["put_shorthand_qualifier_match"] = put(FunctionName=f"{NAME}:$LATEST", Qualifier="$LATEST", **once)
    for key, name, qualifier in (
        ("put_alias_qualifiedarn_qualifierconflict", f"{ARN}:{alias}", f"{alias}-1"),
        ("put_alias_shorthand_qualifierconflict", f"{NAME}:{alias}", f"{alias}-1"),
        ("put_shorthand_qualifier_mismatch_1", f"{NAME}:1", "$LATEST"),
        ("put_shorthand_qualifier_mismatch_2", f"{NAME}:{alias}", "1"),
        ("put_shorthand_qualifier_mismatch_3", f"{NAME}:$LATEST", alias),
    ):
        answers[key] = r.error(put, FunctionName=name, Qualifier=qualifier, **once)
    answers["put_alias_doesnotexist"] = r.error(put, FunctionName=f"{NAME}:{alias}doesnotexist", **once)
    answers["put_destination_latest"] = put(**once, **latest)
    answers["put_destination_latest_explicit_qualifier"] = put(Qualifier="$LATEST", **once, **latest)
    answers["put_destination_version"] = put(Qualifier="1", **once, **latest)
    answers["put_maxevent_maxvalue_result"] = put(MaximumRetryAttempts=2, MaximumEventAgeInSeconds=21600, **latest)
    both = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}
    answers["put_pre_overwrite"] = put(**both, **latest)
    answers["put_post_overwrite"] = put(MaximumRetryAttempts=0, **latest)
    answers["second_overwrite_existing_response"] = put(MaximumRetryAttempts=0, **latest)
    answers["get_post_overwrite"] = get(**latest)
    answers["pre_update_response"] = put(**both, **latest)
    answers["update_response"] = update(MaximumRetryAttempts=0, **latest)
    answers["update_response_existing"] = update(MaximumRetryAttempts=0, **latest)
    answers["list_configs"] = fn.list_function_event_invoke_configs(FunctionName=NAME)
    answers["list_function_doesnotexist"] = r.error(fn.list_function_event_invoke_configs, FunctionName="doesnotexist")
    answers["get_function_doesnotexist"] = r.error(get, FunctionName="doesnotexist")
    answers["get_qualifier_doesnotexist"] = r.error(get, Qualifier="doesnotexist", **latest)
    answers["delete_alias"] = delete(Qualifier=alias, **latest)
    answers["delete_version"] = delete(Qualifier="1", **latest)
    answers["delete_latest"] = delete(**latest)
    answers["delete_function_not_found"] = r.error(delete, **latest)
    answers["delete_function_doesnotexist"] = r.error(delete, FunctionName="doesnotexist")
    answers["list_configs_postdelete"] = fn.list_function_event_invoke_configs(FunctionName=NAME)
    answers["get_eventinvokeconfig_doesnotexist"] = r.error(get, Qualifier=alias, **latest)
    answers["update_eventinvokeconfig_function_doesnotexist"] = r.error(update, FunctionName="doesnotexist", **once)
    answers["update_eventinvokeconfig_config_doesnotexist_with_qualifier"] = r.error(
        update, Qualifier=alias, **once, **latest
    )
    answers["update_eventinvokeconfig_config_doesnotexist_without_qualifier"] = r.error(update, **once, **latest)
    return answers


# Event source mappings.

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"


def queue(r: Replay) -> None:
    r.client("sqs").create_queue(QueueName="queue", Attributes={"VisibilityTimeout": "60"})


def stream(r: Replay) -> str:
    table = r.client("dynamodb").create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(table["TableDescription"]["LatestStreamArn"])


def told(answer: Answers) -> Answers:
    """In a list or a record of states, without the status of the call."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@scenario
def event_source_mapping_lifecycle_delete_function(r: Replay) -> Answers:
    r.make()
    queue(r)
    answers: Answers = {}
    made = answers["create_response"] = r.fn.create_event_source_mapping(
        FunctionName=NAME,
        EventSourceArn=stream(r),
        BatchSize=1,
        StartingPosition="TRIM_HORIZON",
        MaximumBatchingWindowInSeconds=1,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
    )
    r.wait()
    answers["get_response"] = r.fn.get_event_source_mapping(UUID=made["UUID"])
    answers["delete_function_response"] = r.fn.delete_function(FunctionName=NAME)
    answers["get_response_post_delete"] = r.fn.get_event_source_mapping(UUID=made["UUID"])
    answers["delete_response"] = r.fn.delete_event_source_mapping(UUID=made["UUID"])
    return answers


@scenario
def function_name_variations(r: Replay) -> Answers:
    arn = r.make()["FunctionArn"]
    partial = f"{ACCOUNT}:function:{NAME}"
    r.fn.publish_version(FunctionName=NAME)
    r.fn.create_alias(FunctionName=NAME, Name="myalias", FunctionVersion="1")
    queue(r)
    answers: Answers = {}
    for key, name in (
        ("name_only", NAME),
        ("partial_arn_latest", f"{partial}:$LATEST"),
        ("partial_arn_version", f"{partial}:1"),
        ("partial_arn_alias", f"{partial}:myalias"),
        ("full_arn_latest", arn),
        ("full_arn_version", f"{arn}:1"),
        ("full_arn_alias", f"{arn}:myalias"),
    ):
        made = r.fn.create_event_source_mapping(FunctionName=name, EventSourceArn=QUEUE)
        answers[f"{key}_create_esm"] = made
        r.wait()
        r.fn.delete_event_source_mapping(UUID=made["UUID"])
        r.wait()
    return answers


@scenario
def create_event_source_validation(r: Replay) -> Answers:
    r.make()
    given = {"FunctionName": NAME, "EventSourceArn": stream(r)}
    call = r.fn.create_event_source_mapping
    return {
        "no_starting_position": r.error(call, **given),
        "invalid_starting_position": r.error(call, StartingPosition="invalid", **given),
        "incompatible_starting_position": r.error(call, StartingPosition="AT_TIMESTAMP", **given),
    }


@scenario
def esm_with_not_existing_sqs_queue(r: Replay) -> Answers:
    r.make()
    missing = r.error(r.fn.create_event_source_mapping, FunctionName=NAME, EventSourceArn=QUEUE)
    return {"error": missing}


@scenario
def esm_with_not_existing_dynamodb_stream(r: Replay) -> Answers:
    r.make()
    (test,) = (test for id, test in RECORDED.items() if id.endswith("esm_with_not_existing_dynamodb_stream"))
    place = test["content"]["error"]["message"].partition(":table/")[2]
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{place}"
    given = {"FunctionName": NAME, "EventSourceArn": arn, "StartingPosition": "TRIM_HORIZON"}
    return {"error": r.error(r.fn.create_event_source_mapping, **given)}


@scenario
def esm_with_not_existing_kinesis_stream(r: Replay) -> Answers:
    r.make()
    (test,) = (test for id, test in RECORDED.items() if id.endswith("esm_with_not_existing_kinesis_stream"))
    place = test["content"]["error"]["message"].partition(":stream/")[2]
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{place}"
    given = {"FunctionName": NAME, "EventSourceArn": arn, "StartingPosition": "TRIM_HORIZON"}
    return {"error": r.error(r.fn.create_event_source_mapping, **given)}


@scenario
def duplicate_event_source_mappings(r: Replay) -> Answers:
    r.make(name="<resource:2>".strip("<>").replace(":", "-"))
    kinesis = r.client("kinesis")
    kinesis.create_stream(StreamName="stream", ShardCount=1)
    r.wait()
    arn = kinesis.describe_stream_summary(StreamName="stream")["StreamDescriptionSummary"]["StreamARN"]
    given = {"FunctionName": "resource-2", "EventSourceArn": arn, "StartingPosition": "LATEST"}
    made = r.fn.create_event_source_mapping(**given)
    return {"create": made, "error": r.error(r.fn.create_event_source_mapping, **given)}


def refused_filter(r: Replay, source: str, **more: Any) -> Answers:
    given = {"FunctionName": NAME, "EventSourceArn": source, **more}
    pattern = {
        "single-string": "single-string",
        "simple string": "simple string",
        '[{"eventName": ["INSERT"=123}]': '[{"eventName": ["INSERT"=123}]',
        "invalid_filter2": json.dumps({"eventName": "INSERT"}),
        "invalid_filter3": json.dumps([{"eventName": ["INSERT"]}]),
    }[r.variant]
    criteria = {"Filters": [{"Pattern": pattern}]}
    return r.error(r.fn.create_event_source_mapping, FilterCriteria=criteria, **given)


@scenario
def sqs_invalid_event_filter(r: Replay) -> Answers:
    r.make()
    queue(r)
    return {"create_event_source_mapping_exception": refused_filter(r, QUEUE)}


@scenario
def dynamodb_invalid_event_filter(r: Replay) -> Answers:
    r.make()
    refused = refused_filter(r, stream(r), StartingPosition="LATEST")
    return {"exception_event_source_creation": refused}


def recorded() -> Iterator[Any]:
    for id, test in RECORDED.items():
        suite, _, called = id.partition("[")[0].rpartition("::")
        variant = id.partition("[")[2].removesuffix("]")
        name = next((key for key in (f"{suite.rpartition('::')[2]}.{called}", called) if key in SCENARIOS), "")
        if name and test["content"]:
            yield pytest.param(name, variant, test["content"], id=id.rpartition("/")[2].partition("::")[2])


@pytest.mark.parametrize(("name", "variant", "content"), list(recorded()))
def test_as_recorded(cloud: Cloud, name: str, variant: str, content: Answers) -> None:
    answers = SCENARIOS[name](Replay(cloud, variant))
    assert answers
    for key, answer in answers.items():
        same(content[key], answer, key)
    assert content.keys() - answers.keys() <= WITHOUT.get(name, set()), "not replayed"
