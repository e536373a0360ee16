"""Parameters: names, values, versions, tiers, secure strings."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("ssm.parameters")

Refused = Callable[..., AbstractContextManager[None]]


def put(ssm: Any, name: str = "p", value: str = "v", kind: str = "String", **more: Any) -> int:
    return int(ssm.put_parameter(Name=name, Value=value, Type=kind, **more)["Version"])


def value(ssm: Any, name: str = "p", **more: Any) -> str:
    return str(ssm.get_parameter(Name=name, **more)["Parameter"]["Value"])


@pytest.mark.parametrize("name", ["p", "/p", "a.b_c-d", "/" + "/".join("abcdefghijklmno"), " p "])
def test_names(ssm: Any, name: str) -> None:
    put(ssm, name)
    assert ssm.get_parameter(Name=name)["Parameter"]["Name"] == name.strip()


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("a b", "ValidationException", 'Parameter name: can\'t be prefixed with "ssm" (case-insensitive).'),
        ("p@x", "ValidationException", "Parameter name:"),
        ("/a//b", "ValidationException", "Parameter name:"),
        ("/SSM/x", "ValidationException", "Parameter name:"),
        ("ssmx", "ValidationException", "Parameter name:"),
        ("a/b", "ValidationException", "Parameter name must be a fully qualified name."),
        ("/aws/x", "AccessDeniedException", "No access to reserved parameter name: /aws/x."),
        ("AWSx", "AccessDeniedException", "No access to reserved parameter name: AWSx."),
        ("/" + "/".join("abcdefghijklmnop"), "HierarchyLevelLimitExceededException", "15 levels"),
        ("x" * 980, "ValidationException", "1011"),
    ],
)
def test_names_that_are_refused(ssm: Any, refused: Refused, name: str, code: str, message: str) -> None:
    with refused(code, message):
        put(ssm, name)


def test_what_a_parameter_needs(ssm: Any, refused: Refused) -> None:
    with refused("ValidationException", "A parameter type is required when you create a parameter."):
        ssm.put_parameter(Name="p", Value="v")
    with refused("ValidationException", "greater than or equal to 1"):
        put(ssm, value="")
    with refused("ValidationException", "can't nest another parameter"):
        put(ssm, value="{{ssm:other}}")
    with refused("ValidationException", "KeyId"):
        put(ssm, KeyId="alias/x")
    put(ssm)
    with refused("ParameterAlreadyExists", "set the overwrite option in the request to true."):
        put(ssm)
    with refused("HierarchyTypeMismatchException"):
        put(ssm, kind="SecureString", Overwrite=True)
    with refused("ValidationException", "tags and overwrite can't be used together."):
        put(ssm, Overwrite=True, Tags=[{"Key": "a", "Value": "b"}])
    assert ssm.put_parameter(Name="p", Value="w", Overwrite=True)["Version"] == 2


def test_a_pattern_the_value_has_to_match(ssm: Any, refused: Refused) -> None:
    with refused("ParameterPatternMismatchException", r"cannot be validated against allowedPattern: ^\d+$"):
        put(ssm, value="x1", AllowedPattern=r"^\d+$")
    put(ssm, value="12", AllowedPattern=r"^\d+$")
    with refused("InvalidAllowedPatternException"):
        put(ssm, "q", AllowedPattern="(")


def test_data_types(ssm: Any, refused: Refused) -> None:
    put(ssm, "a", DataType="text")
    with refused("NotImplemented", "needs EC2", 501):
        put(ssm, "b", DataType="aws:ec2:image")
    with refused("ValidationException", "data type is not supported"):
        put(ssm, "c", DataType="nonsense")


def test_nothing_is_there(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    put(ssm, "here")
    for call in (ssm.get_parameter, ssm.delete_parameter, ssm.get_parameter_history):
        with refused("ParameterNotFound"):
            call(Name="missing")
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/here")
    for other in ({"region_name": "eu-west-1"}, {"account": "111111111111"}):
        with refused("ParameterNotFound"):
            cloud.client("ssm", **other).get_parameter(Name="here")


def test_versions_are_kept_up_to_a_number(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    cloud.quota("ssm", "versions", 3)
    put(ssm, value="1")
    for number in "234":
        put(ssm, value=number, Overwrite=True)
    assert value(ssm) == "4"
    assert ssm.get_parameter(Name="p:2")["Parameter"]["Selector"] == ":2"
    with refused("ParameterVersionNotFound", "Systems Manager could not find version 1 of p."):
        value(ssm, "p:1")
    ssm.label_parameter_version(Name="p", ParameterVersion=2, Labels=["keep"])
    with refused("ParameterMaxVersionLimitExceeded", "Version 2, the oldest version, can't be deleted"):
        put(ssm, value="5", Overwrite=True)
    ssm.label_parameter_version(Name="p", Labels=["keep"])
    assert put(ssm, value="5", Overwrite=True) == 5
    assert value(ssm, "p:keep") == "4"


def test_history(ssm: Any, refused: Refused) -> None:
    put(ssm, value="1", Description="first")
    put(ssm, value="2", Overwrite=True)
    ssm.label_parameter_version(Name="p", ParameterVersion=1, Labels=["one"])
    first = ssm.get_parameter_history(Name="p", MaxResults=1)
    second = ssm.get_parameter_history(Name="p", MaxResults=1, NextToken=first["NextToken"])
    one, two = first["Parameters"][0], second["Parameters"][0]
    assert (one["Value"], one["Version"], one["Labels"], one["Description"]) == ("1", 1, ["one"], "first")
    assert (two["Value"], two["Version"], two["Labels"]) == ("2", 2, [])
    assert one["LastModifiedUser"] == "arn:aws:iam::000000000000:root"
    assert "NextToken" not in second
    with refused("InvalidNextToken"):
        ssm.get_parameter_history(Name="p", NextToken="nonsense")


def test_labels(ssm: Any, refused: Refused) -> None:
    put(ssm, value="1")
    put(ssm, value="2", Overwrite=True)
    answer = ssm.label_parameter_version(Name="p", ParameterVersion=1, Labels=["good", "1bad", "awsbad", "b d"])
    assert answer["ParameterVersion"] == 1
    assert answer["InvalidLabels"] == ["1bad", "awsbad", "b d"]
    assert value(ssm, "p:good") == "1"
    ssm.label_parameter_version(Name="p", Labels=["good"])
    assert value(ssm, "p:good") == "2"
    with refused("ParameterVersionLabelLimitExceeded", "maximum 10 labels"):
        ssm.label_parameter_version(Name="p", Labels=[f"l{n}" for n in range(10)])
    removed = ssm.unlabel_parameter_version(Name="p", ParameterVersion=2, Labels=["good", "other"])
    assert (removed["RemovedLabels"], removed["InvalidLabels"]) == (["good"], ["other"])
    with refused("ParameterVersionNotFound", "could not find label good"):
        value(ssm, "p:good")
    with refused("ParameterVersionNotFound"):
        ssm.label_parameter_version(Name="p", ParameterVersion=9, Labels=["x"])


def test_several_at_once(ssm: Any, refused: Refused) -> None:
    for name in "ba":
        put(ssm, name)
    got = ssm.get_parameters(Names=["b", "missing", "a:1", "a:7"])
    assert [parameter["Name"] for parameter in got["Parameters"]] == ["a", "b"]
    assert got["InvalidParameters"] == ["missing", "a:7"]
    with refused("ValidationException"):
        ssm.get_parameters(Names=["a", "a"])
    answer = ssm.delete_parameters(Names=["a", "missing"])
    assert (answer["DeletedParameters"], answer["InvalidParameters"]) == (["a"], ["missing"])
    ssm.delete_parameter(Name="b")
    assert ssm.describe_parameters()["Parameters"] == []


def test_tiers(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    with refused(
        "ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters."
    ):
        put(ssm, value="x" * 4097)
    with refused("ValidationException", "8192"):
        put(ssm, value="x" * 8193, Tier="Advanced")
    assert ssm.put_parameter(Name="p", Value="x" * 4096, Type="String")["Tier"] == "Standard"
    bigger = {"Name": "p", "Value": "x" * 4097, "Overwrite": True}
    assert ssm.put_parameter(**bigger, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    with refused("ValidationException", "You can't downgrade a parameter"):
        put(ssm, Tier="Standard", Overwrite=True)
    assert ssm.put_parameter(Name="p", Value="x", Overwrite=True)["Tier"] == "Advanced"
    cloud.quota("ssm", "standard", 2)
    put(ssm, "a")
    put(ssm, "b")
    with refused("ParameterLimitExceeded"):
        put(ssm, "c")
    assert ssm.put_parameter(Name="c", Value="x", Type="String", Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    ssm.delete_parameter(Name="a")
    put(ssm, "d")


def test_the_default_tier_is_a_setting(ssm: Any, refused: Refused) -> None:
    id = "/ssm/parameter-store/default-parameter-tier"
    setting = ssm.get_service_setting(SettingId=id)["ServiceSetting"]
    assert (setting["SettingValue"], setting["Status"]) == ("Standard", "Default")
    ssm.update_service_setting(SettingId=setting["ARN"], SettingValue="Advanced")
    assert ssm.get_service_setting(SettingId=id)["ServiceSetting"]["Status"] == "Customized"
    assert ssm.put_parameter(Name="p", Value="x", Type="String")["Tier"] == "Advanced"
    with refused("ValidationException"):
        ssm.update_service_setting(SettingId=id, SettingValue="Other")
    assert ssm.reset_service_setting(SettingId=id)["ServiceSetting"]["SettingValue"] == "Standard"
    with refused("ServiceSettingNotFound"):
        ssm.get_service_setting(SettingId="/ssm/other")


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_secure_strings_are_under_a_kms_key(cloud: Cloud, ssm: Any, refused: Refused, tier: str) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    put(ssm, "s", "correct horse battery", "SecureString", KeyId=key, Tier=tier)
    put(ssm, "t", "correct horse battery", Tier=tier)
    assert not any(b"correct horse" in value for _, value in cloud.world.store.scan(b"", b"\xff"))
    hidden = base64.b64decode(value(ssm, "s"))
    assert b"correct horse" not in hidden
    if tier == "Standard":
        arn = ssm.get_parameter(Name="s")["Parameter"]["ARN"]
        opened = kms.decrypt(CiphertextBlob=hidden, EncryptionContext={"PARAMETER_ARN": arn})
        assert opened["Plaintext"] == b"correct horse battery"
    assert value(ssm, "s", WithDecryption=True) == value(ssm, "t") == "correct horse battery"
    assert ssm.describe_parameters()["Parameters"][0]["KeyId"] == key
    kms.disable_key(KeyId=key)
    with refused("InvalidKeyId", "is disabled"):
        value(ssm, "s", WithDecryption=True)
    put(ssm, "u", "x", "SecureString")
    assert ssm.describe_parameters()["Parameters"][2]["KeyId"] == "alias/aws/ssm"
    with refused("InvalidKeyId"):
        put(ssm, "w", "x", "SecureString", KeyId="alias/missing")


def test_tags(ssm: Any, refused: Refused) -> None:
    put(ssm, Tags=[{"Key": "a", "Value": "1"}])
    about = {"ResourceType": "Parameter", "ResourceId": "p"}
    ssm.add_tags_to_resource(**about, Tags=[{"Key": "b", "Value": "2"}])
    ssm.remove_tags_from_resource(**about, TagKeys=["a"])
    assert ssm.list_tags_for_resource(**about)["TagList"] == [{"Key": "b", "Value": "2"}]
    with refused("TooManyTagsError"):
        ssm.add_tags_to_resource(**about, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with refused("InvalidResourceId"):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="missing")
    ssm.delete_parameter(Name="p")
    put(ssm)
    assert ssm.list_tags_for_resource(**about)["TagList"] == []


def test_what_is_not_here_says_so(ssm: Any, refused: Refused) -> None:
    with refused("NotImplemented", "ssm:ListDocuments", 501):
        ssm.list_documents()
