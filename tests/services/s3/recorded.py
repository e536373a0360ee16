"""Replays what real AWS answered: scenarios do what a recorded test did, and the whole answers are compared."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud

FOLDER = Path(os.environ.get("HODEI_RECORDED", Path(__file__).parents[4] / "shared" / "recorded"))
PATH = FOLDER / "s3.json"
RECORDED: dict[str, Any] = json.loads(PATH.read_text()) if PATH.exists() else {}

# What the recording put in place of values that change from run to run, without angle brackets.
ANYTHING = {"i-d", "display-name", "owner-id", "host-id", "request-id", "id-2", "server", "last-modified", "date"}
ANYTHING |= {"last--modified", "amz-id", "amz-request-id", "sequencer", "object-sequencer", "m-d5-of-body", "etag"}
ANYTHING |= {"copy-etag", "timestamp"}
FRAMING = {"transfer-encoding", "connection"}  # of HTTP, not of S3, where an error is told
SOCKET = {"content-length", "date"}  # headers that a socket's server adds

Answers = dict[str, Any]


@dataclass
class Replay:
    """What a scenario works with: clients of a cloud that has one bucket, "bucket". They take no for an answer."""

    cloud: Cloud
    variant: str  # what stood in brackets behind the test's name
    s3: Any = field(init=False)
    web: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.s3 = self.client()
        self.s3.create_bucket(Bucket="bucket")
        self.web = httpx.Client(transport=self.cloud.transport(), base_url=self.cloud.url)

    def client(
        self,
        signature: Any = "s3v4",
        style: str = "path",
        region: str = "us-east-1",
        checksums: str = "when_supported",
    ) -> Any:
        """`checksums` says when the client computes one by itself."""
        config = Config(
            signature_version=signature,
            s3={"addressing_style": style},
            retries={"max_attempts": 0},
            request_checksum_calculation=checksums,
        )
        client = self.cloud.client("s3", region_name=region, config=config)
        client.meta.events.unregister("before-parameter-build.s3", _check_bucket_name())
        return client

    def sent(self, method: str, url: str, **options: Any) -> Any:
        """The answer to a request that no SDK makes, as the recordings hold it."""
        response = self.web.request(method, url, **options)
        body: Any = response.text
        if body.startswith("<?xml") or body.startswith("<Error"):
            body = parsed(body)
        return {"Body": body, "Headers": dict(response.headers), "StatusCode": response.status_code}


def _check_bucket_name() -> Any:
    from botocore.handlers import validate_bucket_name

    return validate_bucket_name


Scenario = Callable[[Replay], Answers]


class Scenarios:
    """Those of one file. A scenario has the name of its test, without `test_`."""

    def __init__(self) -> None:
        self._all: dict[str, tuple[Scenario, frozenset[str], frozenset[str]]] = {}

    def __call__(self, *, without: str = "", loose: str = "") -> Callable[[Scenario], Scenario]:
        """`without` names answers that are not repeated (`LEFT_OUT` says why), `loose` members that AWS draws
        by lot."""

        def register(function: Scenario) -> Scenario:
            self._all[f"test_{function.__name__}"] = (function, frozenset(without.split()), frozenset(loose.split()))
            return function

        return register

    def cases(self) -> Iterator[Any]:
        for id, test in RECORDED.items():
            name, _, variant = id.rpartition("::")[2].partition("[")
            if name in self._all and id not in SUPERSEDED:
                function, without, loose = self._all[name]
                expected = {key: value for key, value in test["content"].items() if key not in without}
                yield pytest.param(function, variant.rstrip("]"), expected, loose, id=id.partition("::")[2])


def replayed(scenario: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    with Cloud() as cloud:
        same(expected, scenario(Replay(cloud, variant)), Bindings(loose))


# Recorded in 2023 and again in 2026, under another id: AWS has changed since.
SUPERSEDED = {"s3/test_s3.py::TestS3::test_list_parts_empty_part_number_marker"}

# Tests of which nothing is repeated, and answers left out of those that are.
IAM = "signatures are judged with IAM: here any secret will do"
LEFT_OUT = {
    "test_post_request_malformed_policy": IAM,
    "test_presigned_url_signature_authentication": IAM,
    "test_put_object_with_md5_and_chunk_signature_bad_headers": IAM,
    "test_put_url_metadata_with_sig_s3: wrong-meta-headers": IAM,
    "test_put_url_metadata_with_sig_s3v4: no-meta-headers": IAM,
    "test_s3_put_presigned_url_with_different_headers: content-type-exception": IAM,
    "test_s3_put_presigned_url_with_different_headers: wrong-content-encoding-response": IAM,
    "test_create_object_by_presigned_request_via_dynamodb": "needs Lambda and DynamoDB",
    "test_create_object_put_via_dynamodb": "needs Lambda and DynamoDB",
    "test_invalid_lambda_arn: lambda-does-not-exist": "needs Lambda",
    "test_xray_header": "deliveries carry no trace header yet",
    "test_s3_batch_delete_objects_using_requests_with_acl": "nothing was recorded",
}


# answers


def said(call: Callable[..., Any], **params: Any) -> Any:
    """What a call answers, be it an error."""
    try:
        answer = call(**params)
    except ClientError as error:
        answer = error.response
    answer = dict(answer)
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    answer["ResponseMetadata"] = {"HTTPHeaders": {}, "HTTPStatusCode": status}
    if "Body" in answer:
        body = answer["Body"].read()
        answer["Body"] = body.decode("utf-8", "replace")
    return answer


def parsed(text: str) -> Any:
    """An XML document as nested dicts: the recordings' form."""
    root = ET.fromstring(text)
    namespace, _, _ = root.tag[1:].partition("}") if root.tag.startswith("{") else ("", "", "")
    tree = _tree(root)
    if namespace:
        tree = {"@xmlns": namespace, **(tree or {})}
    return {_local(root.tag): tree}


def _tree(node: ET.Element) -> Any:
    if not len(node):
        return node.text
    found: dict[str, Any] = {}
    for child in node:
        name, value = _local(child.tag), _tree(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


# calls on "bucket"


def put(s3: Any, key: str, body: Any = b"test", **params: Any) -> Any:
    return said(s3.put_object, Bucket="bucket", Key=key, Body=body, **params)


def get(s3: Any, key: str, **params: Any) -> Any:
    return said(s3.get_object, Bucket="bucket", Key=key, **params)


def head(s3: Any, key: str, **params: Any) -> Any:
    return said(s3.head_object, Bucket="bucket", Key=key, **params)


def copy(s3: Any, source: str, target: str = "target", **params: Any) -> Any:
    return said(s3.copy_object, Bucket="bucket", Key=target, CopySource=f"bucket/{source}", **params)


def attributes(s3: Any, key: str, *names: str, **params: Any) -> Any:
    return said(s3.get_object_attributes, Bucket="bucket", Key=key, ObjectAttributes=list(names), **params)


def versioning(s3: Any, status: str | None = "Enabled", bucket: str = "bucket") -> Any:
    configuration = {} if status is None else {"Status": status}
    return said(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=configuration)


def customer(seed: str = "key", algorithm: str = "AES256", prefix: str = "") -> dict[str, str]:
    """The parameters of a customer's key."""
    key = hashlib.sha256(seed.encode()).digest()
    md5 = base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()
    names = {"SSECustomerAlgorithm": algorithm, "SSECustomerKey": base64.b64encode(key).decode()}
    return {f"{prefix}{name}": value for name, value in (names | {"SSECustomerKeyMD5": md5}).items()}


# comparison


class Bindings:
    """What the placeholders of one test stand for: each for one value, different ones of a kind for different ones."""

    def __init__(self, loose: frozenset[str] = frozenset()) -> None:
        self.loose = loose
        self._values: dict[str, str] = {}

    def bind(self, placeholder: str, value: str, at: str) -> None:
        known = self._values.setdefault(placeholder, value)
        assert known == value, f"{at}: {placeholder} was {known}, is {value}"
        kind = placeholder.partition(":")[0]
        if kind in ("version-id", "upload-id", "key"):
            others = [name for name, other in self._values.items() if other == value and name.startswith(f"{kind}:")]
            assert others == [placeholder], f"{at}: {others} are the same"


def same(expected: Any, actual: Any, bindings: Bindings, at: str = "") -> None:
    if isinstance(expected, (dict, list)) and isinstance(actual, str) and not at.endswith("Error"):
        actual = json.loads(actual)
    if isinstance(expected, dict):
        _same_members(expected, actual, bindings, at)
    elif isinstance(expected, list):
        assert isinstance(actual, list) and len(expected) == len(actual), (at, len(expected), actual)
        for number, (one, other) in enumerate(zip(expected, actual)):
            same(one, other, bindings, f"{at}[{number}]")
    elif expected == "datetime":
        assert isinstance(actual, datetime), (at, actual)
    elif isinstance(expected, str):
        _same_text(expected, actual, bindings, at)
    elif expected is None:
        assert actual in (None, ""), (at, actual)  # an empty element
    else:
        assert expected == actual, (at, expected, actual)


def _same_members(expected: dict[str, Any], actual: Any, bindings: Bindings, at: str) -> None:
    assert isinstance(actual, dict), (at, expected, actual)
    if at.lower().endswith("headers"):
        dropped = SOCKET | (FRAMING if "transfer-encoding" in map(str.lower, expected) else set())
        expected = {name.lower(): value for name, value in expected.items() if name.lower() not in dropped}
        actual = {name.lower(): value for name, value in actual.items() if name.lower() not in dropped}
    if "@xmlns" not in expected:
        actual = {name: value for name, value in actual.items() if name != "@xmlns"}
    missing, extra = expected.keys() - actual.keys(), actual.keys() - expected.keys()
    assert not missing and not extra, f"{at}: missing {missing}, not expected {extra}: {expected} {actual}"
    for name, value in expected.items():
        if name not in bindings.loose and not (name == "Body" and value == ""):  # recorded when it had been read
            same(value, actual[name], bindings, f"{at}.{name}")


def _same_text(expected: str, actual: Any, bindings: Bindings, at: str) -> None:
    if expected in ANYTHING:
        assert actual not in (None, ""), at
        return
    names: list[str] = []

    def group(match: re.Match[str]) -> str:
        names.append(match[0][1:-1])
        return "\0"

    placeholder = r"<(?:request|host)-id>" if "<html>" in expected else r"<[\w-]+(?::\d+)?>|1{12}"
    pattern = re.escape(re.sub(placeholder, group, expected)).replace("\0", "(.+?)")
    match = re.fullmatch(pattern, str(actual), re.S)
    assert match, (at, expected, actual)
    for name, value in zip(names, match.groups()):
        if ":" in name or name == "bucket-name":
            bindings.bind(name, value, at)
