"""Deployment packages: what they may not be, what comes of what is in them, and the runtimes that run it."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.services.lambda_.packages import archives
from hodei.services.lambda_.runtime.unpacking import unpacked
from hodei.testing import Cloud

from .calls import invoke
from .functions import PYTHON, function_of, role_of, zipped

UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
MOST = 262144000


def packed(*members: tuple[str, bytes]) -> bytearray:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return bytearray(made.getvalue())


def claiming(size: int, content: bytes) -> bytes:
    """A package whose directory says another size of what is in it."""
    package = packed(("x", content))
    entry = package.index(b"PK\x01\x02")
    package[entry + 24 : entry + 28] = package[22:26] = size.to_bytes(4, "little")
    return bytes(package)


def damaged() -> bytes:
    package = packed(("x", os.urandom(4096)))
    package[2000] ^= 0xFF
    return bytes(package)


@pytest.mark.parametrize("package", [claiming(10, bytes(1 << 20)), damaged()], ids=["more than it says", "damaged"])
def test_packages_with_other_content_than_they_say(cloud: Cloud, package: bytes, tmp_path: Path) -> None:
    role = role_of(cloud)
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{UNZIP}"):
        function_of(cloud, role, "app.handler", package)
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{UNZIP}"):
        cloud.client("lambda").publish_layer_version(LayerName="layer", Content={"ZipFile": package})
    (tmp_path / "x.zip").write_bytes(package)
    with pytest.raises(archives.NotAnArchive):
        archives.read(tmp_path / "x.zip", MOST)


def test_a_bomb_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(claiming(2**32 - 2, b"x"))
    assert archives.read(tmp_path / "x.zip", MOST).unpacked == 2**32 - 2


def test_requests_have_a_limit(cloud: Cloud) -> None:
    role, client = role_of(cloud), cloud.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    given = {"FunctionName": "f", "Role": role, "Runtime": PYTHON, "Handler": "a.b"}
    with pytest.raises(ClientError) as refused:
        client.create_function(Code={"ZipFile": bytes(53 << 20)}, **given)
    told = refused.value.response
    assert told["Error"] == {
        "Code": "RequestEntityTooLargeException",
        "Message": "Request must be smaller than 70167211 bytes for the CreateFunction operation",
    }
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.mark.feature("lambda.invoke")
def test_large_packages_come_by_s3(cloud: Cloud) -> None:
    s3, client = cloud.client("s3"), cloud.client("lambda")
    s3.create_bucket(Bucket="packages")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("large", bytes(60 << 20))
        archive.writestr("app.py", "import os\ndef handler(event, context): return os.path.getsize('large')\n")
    s3.put_object(Bucket="packages", Key="f.zip", Body=made.getvalue())
    given = {"FunctionName": "f", "Role": role_of(cloud), "Runtime": PYTHON, "Handler": "app.handler"}
    client.create_function(Code={"S3Bucket": "packages", "S3Key": "f.zip"}, **given)
    assert invoke(cloud, "f").payload == 60 << 20


def test_code_and_layers_have_a_limit_together(cloud: Cloud) -> None:
    layer = cloud.client("lambda").publish_layer_version(
        LayerName="layer", Content={"ZipFile": bytes(packed(("x", bytes(200 << 20))))}
    )["LayerVersionArn"]
    given = {"Role": role_of(cloud), "Runtime": PYTHON, "Handler": "a.b", "Layers": [layer]}
    code = {"ZipFile": bytes(packed(("x", bytes(60 << 20))))}
    with pytest.raises(ClientError, match=r"combined with layers exceeds the maximum allowed size of 262144000 bytes"):
        cloud.client("lambda").create_function(FunctionName="f", Code=code, **given)


def test_links_lead_nowhere_in_the_cache(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, str(tmp_path / "secret"))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("link", "written")
    folder = unpacked(tmp_path / "cache", "key", [tmp_path / "x.zip"])
    assert (tmp_path / "secret").read_text() == "s" and (folder / "link").is_symlink()


# runtimes


RUNTIMES = {
    "nodejs22.x": "install Node.js, so that `node` is on the PATH",
    "java25": "install a JRE 25 or newer",
    "ruby3.4": "another language can run by a bootstrap of its own",
    "dotnet8": "another language can run by a bootstrap of its own",
}


@pytest.mark.parametrize(("runtime", "hint"), RUNTIMES.items())
def test_runtimes_that_are_not_here_say_what_to_do(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, runtime: str, hint: str
) -> None:
    from hodei.services.lambda_.runtime import java

    monkeypatch.setenv("PATH", "/none")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(java, "HOMES", ())
    name = function_of(cloud, role_of(cloud), "a.b", zipped(a__py=""), Runtime=runtime)
    with pytest.raises(ClientError, match=rf"InvalidRuntimeException.*The runtime {runtime} .*{hint}"):
        invoke(cloud, name)


# Python


TREE = {
    "app.py": "import logging\nfrom lib.deep import nested\ndef handler(event, context): return nested.says()\n",
    "lib/__init__.py": "",
    "lib/deep/__init__.py": "",
    "lib/deep/nested.py": "import os\ndef says(): return 'deep'\ndef handler(event, context): return os.path.basename(__file__)\n",
    "kinds.py": """
import datetime, decimal, json, logging, sys
def decimals(event, context): return {"d": decimal.Decimal("1.5")}
def dates(event, context): return {"d": datetime.datetime(2026, 1, 2)}
def leaves(event, context): sys.exit(event)
def logs(event, context):
    print("printed", end="")
    print(" on", "one line")
    logging.getLogger().setLevel("INFO")
    logging.getLogger("mine").info("two\\nlines")
    logging.getLogger("mine").debug("unheard")
def told(event, context):
    logging.getLogger().handlers[0].setFormatter(logging.Formatter("own %(aws_request_id)s %(message)s"))
    logging.getLogger().warning("told")
def fails(event, context):
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("mine").exception("caught", extra={"order": 7})
    raise ValueError("thrown")
def paths(event, context):
    import extra
    return extra.SAYS
def text(event, context): return "ü"
""",
    "more/extra.py": "SAYS = 'by PYTHONPATH'\n",
}


@pytest.fixture
def python(cloud: Cloud) -> Any:
    role = role_of(cloud)
    code = bytes(packed(*((name, text.encode()) for name, text in TREE.items())))
    return lambda handler, **options: function_of(
        cloud, role, "f.x", code, **{"MemorySize": 512, **options, "Handler": handler}
    )


@pytest.mark.feature("lambda.invoke")
@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        ("app.handler", "deep"),
        ("lib/deep/nested.handler", "nested.py"),
        ("lib.deep.nested.handler", "nested.py"),
        ("kinds.decimals", {"d": 1.5}),
        ("kinds.text", "ü"),
    ],
)
def test_python_handlers(cloud: Cloud, python: Any, handler: str, answer: Any) -> None:
    assert invoke(cloud, python(handler)).payload == answer


@pytest.mark.feature("lambda.invoke")
def test_python_paths_and_logs(cloud: Cloud, python: Any) -> None:
    name = python("kinds.paths", Environment={"Variables": {"PYTHONPATH": "/var/task/more"}})
    assert invoke(cloud, name).payload == "by PYTHONPATH"
    cloud.client("lambda").update_function_configuration(FunctionName=name, Handler="kinds.logs")
    log = invoke(cloud, name).log
    assert "printed on one line\n" in log and "\ttwo\nlines\n" in log and "unheard" not in log


@pytest.mark.feature("lambda.invoke")
def test_python_logs_in_json_and_in_formats_of_its_own(cloud: Cloud, python: Any) -> None:
    name = python("kinds.fails", LoggingConfig={"LogFormat": "JSON"})
    lines = [json.loads(line) for line in invoke(cloud, name).log.split("\n") if line.startswith('{"timestamp"')]
    caught, thrown = [line for line in lines if line.get("level") == "ERROR"]
    assert (caught["message"], caught["errorType"], caught["order"]) == ("caught", "ZeroDivisionError", 7)
    assert caught["logger"] == "mine" and caught["location"].startswith("/var/task/kinds.py:fails:")
    assert (thrown["errorType"], thrown["errorMessage"]) == ("ValueError", "thrown")
    assert thrown["requestId"] == caught["requestId"] and "raise ValueError" in thrown["stackTrace"][0]
    changed = {"LoggingConfig": {"LogFormat": "Text"}, "Handler": "kinds.told"}
    cloud.client("lambda").update_function_configuration(FunctionName=name, **changed)
    assert re.search(r"START RequestId: (\S+) (?s:.*)own \1 told", invoke(cloud, name).log)


def test_python_answers_that_are_no_json(cloud: Cloud, python: Any) -> None:
    payload = invoke(cloud, python("kinds.dates")).payload
    message = "Unable to marshal response: Object of type datetime is not JSON serializable"
    assert (payload["errorType"], payload["errorMessage"]) == ("Runtime.MarshalError", message)


@pytest.mark.parametrize(("code", "why"), [(0, "without providing a reason"), (7, "with error: exit status 7")])
def test_python_that_leaves(cloud: Cloud, python: Any, code: int, why: str) -> None:
    payload = invoke(cloud, python("kinds.leaves"), code).payload
    assert payload["errorType"] == "Runtime.ExitError" and payload["errorMessage"].endswith(f"Runtime exited {why}")


def test_another_python_than_asked_for_is_told_of(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hodei.services.lambda_.runtime import interpreters

    monkeypatch.setattr(interpreters, "_candidates", lambda name: iter(()))
    monkeypatch.setattr(interpreters, "_told", set())
    name = function_of(
        cloud, role_of(cloud), "a.b", zipped(a__py="def b(event, context): return 1\n"), Runtime="python3.14"
    )
    assert invoke(cloud, name).payload == 1
    assert "python3.14 is not on this machine: its functions run under Python 3." in caplog.text
