"""Functions and layers whose files are run as they lie in a folder of this machine, and code that is replaced."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.services.lambda_.runtime import hot_reload
from hodei.testing import Cloud

from .calls import invoke
from .functions import PYTHON, function_of, role_of, zipped

APP = "import helper\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return [helper.SAYS, count]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a function that says what helper.py says, and how often it was asked."""
    tmp_path.chmod(0o755)
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text(APP)
    (code / "helper.py").write_text("SAYS = 'one'\n")
    return code


def hot(cloud: Cloud, folder: Path, **options: Any) -> str:
    code = {"S3Bucket": "hot-reload", "S3Key": str(folder)}
    given = {"Runtime": PYTHON, "Handler": "app.handler", "Role": role_of(cloud), "Timeout": 20, "MemorySize": 1769}
    cloud.client("lambda").create_function(FunctionName="hot", Code=code, **given, **options)
    return "hot"


@pytest.mark.feature("lambda.invoke")
def test_a_change_of_a_file_is_seen_by_the_next_invoke(cloud: Cloud, folder: Path) -> None:
    name = hot(cloud, folder)
    assert invoke(cloud, name).payload == ["one", 1]
    assert invoke(cloud, name).payload == ["one", 2]
    (folder / "helper.py").write_text("SAYS = 'two'\n")  # as long as it was, within the same second
    assert invoke(cloud, name).payload == ["two", 1]
    assert invoke(cloud, name).payload == ["two", 2]
    (folder / "helper.py").unlink()
    (folder / "helper").mkdir()
    (folder / "helper" / "__init__.py").write_text("SAYS = 'three'\n")
    assert invoke(cloud, name).payload == ["three", 1]
    assert not list(folder.rglob("__pycache__"))


@pytest.mark.feature("lambda.invoke")
def test_a_published_version_runs_the_folder_too(cloud: Cloud, folder: Path) -> None:
    name = hot(cloud, folder, Publish=True)
    (folder / "helper.py").write_text("SAYS = 'two'\n")
    assert invoke(cloud, name, Qualifier="1").payload == ["two", 1]


@pytest.mark.feature("lambda.aliases")
def test_layers_are_reloaded_alone_and_above_others(cloud: Cloud, folder: Path) -> None:
    (folder / "helper.py").unlink()
    layer, client = folder.parent / "layer", cloud.client("lambda")
    (layer / "python").mkdir(parents=True)
    (layer / "python" / "helper.py").write_text("SAYS = 'layer'\n")
    below = client.publish_layer_version(
        LayerName="below", Content={"ZipFile": zipped(**{"python/other__py": "X = 1\n"})}
    )
    above = client.publish_layer_version(LayerName="above", Content={"S3Bucket": "hot-reload", "S3Key": str(layer)})
    name = hot(cloud, folder, Layers=[above["LayerVersionArn"]])
    assert invoke(cloud, name).payload == ["layer", 1]
    (layer / "python" / "helper.py").write_text("SAYS = 'newer'\n")
    assert invoke(cloud, name).payload == ["newer", 1]
    arns = [below["LayerVersionArn"], above["LayerVersionArn"]]
    client.update_function_configuration(FunctionName=name, Layers=arns)
    (layer / "python" / "helper.py").write_text("import other\nSAYS = other.X\n")
    assert invoke(cloud, name).payload == [1, 1]
    (layer / "python" / "helper.py").write_text("import other\nSAYS = -other.X\n")
    assert invoke(cloud, name).payload == [-1, 1]


def test_a_folder_that_is_gone(cloud: Cloud, folder: Path) -> None:
    name = hot(cloud, folder)
    shutil.rmtree(folder)
    with pytest.raises(ClientError, match=rf"InvalidRuntimeException.*{folder}.*No such file"):
        invoke(cloud, name)


@pytest.mark.feature("lambda.invoke")
def test_node_reloads(cloud: Cloud, folder: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("Node.js is not on this machine")
    (folder / "app.js").write_text("exports.handler = async () => 1;\n")
    name = hot(cloud, folder)
    cloud.client("lambda").update_function_configuration(FunctionName=name, Runtime="nodejs22.x")
    assert invoke(cloud, name).payload == 1
    (folder / "app.js").write_text("exports.handler = async () => 2;\n")
    assert invoke(cloud, name).payload == 2


def test_code_that_replaces_a_folder(cloud: Cloud, folder: Path) -> None:
    name = hot(cloud, folder)
    code = zipped(app__py="def handler(event, context):\n    return 'zip'\n")
    cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=code)
    assert invoke(cloud, name).payload == "zip"
    (folder / "helper.py").write_text("SAYS = 'two'\n")
    cloud.client("lambda").update_function_code(FunctionName=name, S3Bucket="hot-reload", S3Key=str(folder))
    assert invoke(cloud, name).payload == ["two", 1]


def test_environments_of_old_code_do_not_pile_up(cloud: Cloud) -> None:
    name = function_of(cloud, role_of(cloud), "app.handler", zipped(app__py="def handler(event, context): pass\n"))
    for number in range(5):
        code = zipped(app__py=f"import os\ndef handler(event, context): return {number}, os.getppid()\n")
        cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=code)
        assert invoke(cloud, name).payload[0] == number
    running = [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_of(pid, name)]
    assert len(running) <= 2  # an environment, and the first process of its tree; the older ones may just be ending


def _is_of(pid: str, name: str) -> bool:
    try:
        return f"AWS_LAMBDA_FUNCTION_NAME={name}" in Path(f"/proc/{pid}/environ").read_text()
    except OSError:
        return False


def test_what_counts_as_a_change(tmp_path: Path) -> None:
    def seen() -> str:
        return hot_reload.fingerprint([tmp_path])

    (tmp_path / "node_modules" / "x").mkdir(parents=True)
    (tmp_path / "app.js").write_text("1")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to("/none/such")
    first = seen()
    assert seen() == first
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "node_modules" / "x" / "index.js").write_text("1")
    assert seen() == first
    (tmp_path / "node_modules" / "y").mkdir()
    second = seen()
    assert second != first
    os.replace(_written(tmp_path / "new", "1"), tmp_path / "app.js")  # as editors save
    third = seen()
    assert third != second
    (tmp_path / "sub").mkdir()
    assert seen() != third


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
