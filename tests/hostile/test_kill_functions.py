"""`kill -9` while functions are changed and published: every acknowledged package is there, byte by byte."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow, pytest.mark.feature("lambda.aliases")]

TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROLE = "arn:aws:iam::000000000000:role/fn"


def package(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.py"), text)
    return packed.getvalue()


class Publisher(Load):
    """Changes a function's code and publishes it, over and over; knows the digests that were acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.versions: dict[str, str] = {}

    def connect(self, process: Process) -> None:
        self.fn: Any = process.client("lambda")

    def step(self) -> None:
        code = package(self.label() * 20_000)
        if not self.acknowledged:
            given = {"Runtime": "python3.12", "Handler": "a.b", "Role": ROLE, "Code": {"ZipFile": code}}
            made = self.fn.create_function(FunctionName=self.name, Publish=True, **given)
        else:
            made = self.fn.update_function_code(FunctionName=self.name, ZipFile=code, Publish=True)
        self.versions[made["Version"]] = made["CodeSha256"]
        self.acknowledged += 1

    def check(self) -> None:
        listed = self.fn.get_paginator("list_versions_by_function").paginate(FunctionName=self.name)
        found = {one["Version"]: one["CodeSha256"] for page in listed for one in page["Versions"]}
        assert self.versions.items() <= found.items(), f"HODEI_KILL_SEED={SEED}"
        for version, digest in found.items():
            place = self.fn.get_function(FunctionName=self.name, Qualifier=version)["Code"]["Location"]
            body = urllib.request.urlopen(place).read()
            assert base64.b64encode(hashlib.sha256(body).digest()).decode() == digest, f"HODEI_KILL_SEED={SEED}"


def create(process: Process) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    process.client("iam").create_role(RoleName="fn", AssumeRolePolicyDocument=document)


def test_no_version_is_lost(tmp_path: Path) -> None:
    loads = [Publisher("ann"), Publisher("bob")]
    with rounds(tmp_path / "data", tmp_path / "log", loads, create) as process:
        fn = process.client("lambda")
        versions = [
            one
            for page in fn.get_paginator("list_functions").paginate(FunctionVersion="ALL")
            for one in page["Functions"]
        ]
        usage = fn.get_account_settings()["AccountUsage"]
        assert usage["TotalCodeSize"] == sum(one["CodeSize"] for one in versions)
        assert usage["FunctionCount"] == len(loads)
