"""The command against a cloud that is served as users serve it, and the aws CLI through it."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HODEI = [sys.executable, "-m", "hodei"]
ROOT = Path(__file__).parents[1]
AWS = Path(sys.executable).with_name("aws")

Ran = subprocess.CompletedProcess[str]


def bare_environment(home: Path) -> dict[str, str]:
    """No AWS set-up of the machine shines through."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HODEI_", "XDG_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "HOME": str(home), "PATH": path, "HODEI_DATA": str(home / "data")}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """A cloud started with `--detach`; it ends with `hodei stop`."""
    environment = bare_environment(home)
    started = subprocess.run(
        [*HODEI, "start", "--port", "0", "--detach"], env=environment, capture_output=True, text=True, check=False
    )
    assert started.returncode == 0, started.stderr
    url = started.stdout.partition("answers on ")[2].split()[0]
    assert f"State: {home / 'data'}" in started.stdout
    yield url
    stopped = subprocess.run(
        [*HODEI, "stop", "--url", url], env=environment, capture_output=True, text=True, check=False
    )
    assert (stopped.returncode, stopped.stdout) == (0, "Stopped\n")
    assert (home / "data" / "lock").read_text() == ""


@pytest.fixture
def hodei(url: str, home: Path) -> Callable[..., Ran]:
    def run(*arguments: str, **environment: str) -> Ran:
        extended = {**bare_environment(home), "HODEI_URL": url, **environment}
        return subprocess.run([*HODEI, *arguments], env=extended, capture_output=True, text=True, check=False)

    return run


def fine(ran: Ran) -> str:
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_status_tells_where_and_with_what(hodei: Callable[..., Ran], url: str, home: Path) -> None:
    told = fine(hodei("status"))
    assert url in told
    assert str(home / "data") in told
    assert "sts" in told


def test_the_clock(hodei: Callable[..., Ran]) -> None:
    assert "(frozen)" in fine(hodei("clock", "freeze"))
    fine(hodei("clock", "set", "2030-01-01T00:00:00Z"))
    assert fine(hodei("clock", "advance", "1d", "12h")) == "2030-01-02T12:00:00Z (frozen)\n"
    assert "60 times as fast" in fine(hodei("clock", "rate", "60"))
    assert fine(hodei("clock", "resume")).startswith("2030-01-02T12:")
    refused = hodei("clock", "advance", "soon")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "hodei: 'soon' is no duration: write 3d, 12h, 30m, 10s, 1d12h\n"
    assert hodei("clock", "advance").returncode == 2
    fine(hodei("reset"))
    assert "2030" not in fine(hodei("clock"))


def test_snapshots_and_config(hodei: Callable[..., Ran]) -> None:
    assert fine(hodei("snapshot")) == "no snapshots\n"
    fine(hodei("snapshot", "save", "before"))
    fine(hodei("config", "set", "s3.buckets", "5"))
    assert "(default 10000)" in fine(hodei("config", "show", "s3.buckets"))
    assert fine(hodei("snapshot", "list")) == "before\n"
    fine(hodei("snapshot", "load", "before"))
    assert "(default" not in fine(hodei("config", "show", "s3.buckets"))
    fine(hodei("snapshot", "delete", "before"))
    assert hodei("snapshot", "load", "before").stderr == "hodei: no snapshot 'before'\n"
    assert "no quota 'nothing'" in hodei("config", "set", "s3.nothing", "5").stderr


def test_coverage_needs_no_cloud(hodei: Callable[..., Ran]) -> None:
    nowhere = {"HODEI_URL": "http://localhost:1"}
    assert "sts" in fine(hodei("coverage", **nowhere))
    assert "GetCallerIdentity" in fine(hodei("coverage", "sts", **nowhere))
    assert "cli.profile" in fine(hodei("coverage", "cli", **nowhere))
    assert "no service 'nothing'" in hodei("coverage", "nothing", **nowhere).stderr


def test_doctor_tells_how_to_trust_https(hodei: Callable[..., Ran], url: str, home: Path) -> None:
    told = fine(hodei("doctor", "--port", url.rpartition(":")[2]))
    assert "!!" not in told
    authority = home / "data" / "tls" / "ca.pem"
    assert f"AWS_CA_BUNDLE={authority}" in told
    secure = url.replace("http:", "https:")
    identity = [str(AWS), "sts", "get-caller-identity", "--endpoint-url", secure, "--region", "us-east-1"]
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_CA_BUNDLE": str(authority)}
    answer = subprocess.run(identity, env=bare_environment(home) | keys, capture_output=True, text=True, check=False)
    assert json.loads(fine(answer))["Account"] == "000000000000"


def test_doctor_tells_what_runs_functions(hodei: Callable[..., Ran], url: str) -> None:
    told = fine(hodei("doctor", "--port", url.rpartition(":")[2]))
    assert f"Python {platform.python_version()}" in told
    assert re.search(
        "^ok  sandbox +(with files and processes of their own|functions see your files)", told, re.MULTILINE
    )


def test_nothing_answers(hodei: Callable[..., Ran]) -> None:
    for command in (["status"], ["stop"], ["reset"], ["clock"], ["snapshot"], ["config"]):
        ran = hodei(*command, "--url", "http://localhost:1")
        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr.startswith("hodei: nothing answers at http://localhost:1")
        assert ran.stderr.count("\n") == 1


def test_help_loads_nothing_heavy(hodei: Callable[..., Ran]) -> None:
    script = "import sys; from hodei.cli import parser; parser(); print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"asyncio", "msgspec", "orjson", "sqlite3", "http.client", "hodei.serve", "hodei.kernel"}


# AWS clients


def test_env_is_all_that_a_client_needs(hodei: Callable[..., Ran], url: str, home: Path) -> None:
    exports = fine(hodei("env", "--account", "123456789012", "--region", "eu-west-1"))
    calls = "aws sts get-caller-identity --query Account; aws sqs create-queue --queue-name from-env --query QueueUrl"
    script = ["sh", "-c", f"{exports}\nexport AWS_DEFAULT_OUTPUT=text\n{calls}"]
    ran = subprocess.run(script, env=bare_environment(home), capture_output=True, text=True, check=False)
    assert fine(ran).split() == ["123456789012", f"{url}/123456789012/from-env"]


def test_aws_runs_the_aws_cli_with_no_set_up(hodei: Callable[..., Ran]) -> None:
    assert json.loads(fine(hodei("aws", "sts", "get-caller-identity")))["Account"] == "000000000000"
    other = hodei("aws", "sts", "get-caller-identity", "--output", "text", AWS_ACCESS_KEY_ID="123456789012")
    assert fine(other).startswith("123456789012")
    assert fine(hodei("aws", "--version")).startswith("aws-cli/")
    assert "QueueUrl" in fine(hodei("aws", "sqs", "create-queue", "--queue-name", "from-hodei"))


def test_aws_tells_how_to_get_the_aws_cli(tmp_path: Path) -> None:
    """Run by a Python beside which no aws CLI lies."""
    script = "import sys; sys.executable = '/nowhere/python'; from hodei.cli import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", script, "aws", "s3", "ls"], env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "pip install 'hodei[aws]'" in ran.stderr


@pytest.fixture
def profile(url: str, home: Path) -> Callable[..., Any]:
    """The aws CLI with a profile in ~/.aws and nothing else.

    Version 1 of it sends SQS to AWS itself whatever the profile says, except in the youngest regions: hence eu-south-2.
    """
    folder = home / ".aws"
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(f"[default]\nregion = eu-south-2\noutput = json\nendpoint_url = {url}\n")
    (folder / "credentials").write_text("[default]\naws_access_key_id = 111122223333\naws_secret_access_key = any\n")

    def run(*arguments: str) -> Any:
        ran = subprocess.run(
            [str(AWS), *arguments], env=bare_environment(home), capture_output=True, text=True, check=False
        )
        return json.loads(fine(ran) or "null")

    return run


@pytest.mark.feature("cli.profile")
def test_a_profile_is_all_that_the_aws_cli_needs(profile: Callable[..., Any]) -> None:
    assert profile("sts", "get-caller-identity")["Account"] == "111122223333"
    queue = profile("sqs", "create-queue", "--queue-name", "orders")["QueueUrl"]
    assert profile("sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", "QueueArn") == {
        "Attributes": {"QueueArn": "arn:aws:sqs:eu-south-2:111122223333:orders"}
    }


@pytest.mark.feature("cli.profile")
def test_a_filled_in_skeleton_is_an_input(profile: Callable[..., Any], tmp_path: Path) -> None:
    skeleton = profile("sqs", "create-queue", "--generate-cli-skeleton", "input")
    assert skeleton["QueueName"] == ""
    skeleton |= {"QueueName": "filled", "Attributes": {"VisibilityTimeout": "77"}, "tags": {"team": "cloud"}}
    (tmp_path / "input.json").write_text(json.dumps(skeleton))
    queue = profile("sqs", "create-queue", "--cli-input-json", f"file://{tmp_path}/input.json")["QueueUrl"]
    found = profile("sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", "VisibilityTimeout")
    assert found == {"Attributes": {"VisibilityTimeout": "77"}}
    assert profile("sqs", "list-queue-tags", "--queue-url", queue) == {"Tags": {"team": "cloud"}}


def test_the_first_session_of_the_readme(hodei: Callable[..., Ran], url: str, home: Path) -> None:
    _, session, python, *_ = [part.split("\n```")[0] for part in (ROOT / "README.md").read_text().split("\n```")[1::2]]
    assert session.startswith("sh\neval") and python.startswith("python\nimport boto3")
    (home / "session.py").write_text(python.removeprefix("python\n"))
    program = f'hodei() {{ {sys.executable} -m hodei "$@"; }}\n{session.removeprefix("sh")}\n'
    script = ["sh", "-ec", f"{program}{sys.executable} {home}/session.py"]
    environment = {**bare_environment(home), "HODEI_URL": url}
    ran = subprocess.run(script, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert fine(ran).endswith("a book\n")
    fine(hodei("reset"))
