"""Making functions, for tests."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Protocol

from hodei.testing import Cloud

PYTHON = "python3.11"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
MANAGED = "arn:aws:iam::aws:policy"


def zipped(**files: str) -> bytes:
    """A deployment package: `app__py` is app.py. All of it may be run."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name.replace("__", "."), (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return packed.getvalue()


class Clients(Protocol):
    """A cloud, in a test or in a process of its own."""

    def client(self, service: str) -> Any: ...


def role_of(cloud: Clients, *managed: str) -> str:
    """The role `fn`, of functions, with managed policies of AWS. Its ARN."""
    iam = cloud.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn: str = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    for policy in managed:
        iam.attach_role_policy(RoleName="fn", PolicyArn=f"{MANAGED}/{policy}")
    return arn


def function_of(cloud: Cloud, role: str, handler: str, code: bytes, **options: Any) -> str:
    """A function named after its handler. Its name."""
    name = f"f-{handler.replace('.', '-')}"
    given = {"Runtime": PYTHON, "Handler": handler, "MemorySize": 1769, "Timeout": 20, **options}
    cloud.client("lambda").create_function(FunctionName=name, Role=role, Code={"ZipFile": code}, **given)
    return name
