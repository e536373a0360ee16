"""Functions that want out: to other files, other processes, other functions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud
from hostile.runaways import call, functions

pytestmark = pytest.mark.feature("lambda.invoke")


@pytest.fixture
def cloud(tmp_path: Path) -> Any:
    with Cloud(directory=tmp_path / "data") as cloud:
        yield cloud


@pytest.fixture
def function(cloud: Cloud) -> Callable[..., str]:
    made = functions(cloud)
    if call(cloud, made("tries"), {"tree": "os.getpid()"})["tree"] > 10:
        pytest.skip("this machine lets nobody isolate programs")
    return made


def test_files(cloud: Cloud, function: Any, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    told = call(cloud, "tries", {
        "data": f"open({str(tmp_path / 'secret')!r})",
        "code": "open('/var/task/app.py', 'a')",
        "beside": "open('/var/task/new', 'w')",
        "machine": "open('/etc/passwd', 'a')",
        "root": "open('/new', 'w')",
        "hard": "os.link('/etc/passwd', '/tmp/x')",
        "soft": f"[os.symlink({str(tmp_path)!r}, '/tmp/out'), open('/tmp/out/secret')]",
        "up": "os.listdir('/tmp/../../../..') == os.listdir('/')",
        "shared": "open('/dev/shm/x', 'w')",
        "groups": "[open(f'{at}/cgroup.procs', 'w') for at, _, files in os.walk('/sys/fs/cgroup') if 'cgroup.procs' in files]",
        "disk": "open('/dev/vda', 'rb') if os.path.exists('/dev/vda') else open('/dev/mem', 'rb')",
        "again": "ctypes.CDLL(None).chroot(b'/tmp')",
        "mount": "ctypes.CDLL(None).mount(b'', b'/tmp', b'tmpfs', 0, b'')",
        "user": "os.setuid(0)",
    })  # fmt: skip
    refused = {"FileNotFoundError", "PermissionError", "OSError"}
    assert told.pop("up") is True
    assert (told.pop("again"), told.pop("mount")) == (-1, -1)
    for name, what in told.items():
        assert what in refused, (name, what)


def test_processes(cloud: Cloud, function: Any) -> None:
    """It sees its own, and no other."""
    told = call(cloud, "tries", {
        "seen": "sorted(int(name) for name in os.listdir('/proc') if name.isdigit())",
        "own": "os.getpid()",
        "kill": f"os.kill({os.getpid()}, 0)",
        "trace": "ctypes.CDLL(None).ptrace(16, 1, 0, 0)",
        "others": "open('/proc/1/environ', 'rb').read()",
    })  # fmt: skip
    assert told["seen"] == [1, told["own"]]
    assert told["kill"] == "ProcessLookupError" and told["trace"] == -1 and told["others"] == "PermissionError"


def test_variables_of_another_function(cloud: Cloud, function: Any) -> None:
    function("handler", Environment={"Variables": {"SECRET": "hush"}})
    call(cloud, "handler")
    told = call(cloud, "tries", {
        "all": "[name for name in os.listdir('/proc') if name.isdigit() and b'hush' in open(f'/proc/{name}/environ', 'rb').read()]",
    })  # fmt: skip
    assert told == {"all": "PermissionError"}


def test_code_that_is_changed_on_the_way(cloud: Cloud, function: Any) -> None:
    """What one invoke leaves in its temporary folder another function does not find."""
    assert call(cloud, "tries", {"a": "open('/tmp/left', 'w').write('x')"}) == {"a": 1}
    function("handler")
    assert json.dumps(call(cloud, "handler")) == '"served"'
