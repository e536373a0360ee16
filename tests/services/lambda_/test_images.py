"""Functions that are container images."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.engines.oci.layers import BadLayer, TooLarge, Tree
from hodei.services.lambda_.runtime.host import Host
from hodei.services.lambda_.runtime.interpreters import BOOTSTRAPS
from hodei.testing import ACCOUNT, Cloud

from .calls import invoke
from .functions import role_of, zipped
from .layouts import OCI, Layer, Layout, bash_layer, docker_archive, python_layer

REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture
def images(cloud: Cloud, tmp_path: Path) -> Path:
    """The folder that stands for the registry."""
    folder = tmp_path / "images"
    folder.mkdir()
    cloud.set("lambda", "images", str(folder))
    return folder


@pytest.fixture
def function(cloud: Cloud) -> Callable[..., str]:
    role = role_of(cloud)

    def function(uri: str, **options: Any) -> str:
        given = {
            "FunctionName": "image",
            "Role": role,
            "PackageType": "Image",
            "Timeout": 20,
            "MemorySize": 1769,
            **options,
        }
        cloud.client("lambda").create_function(Code={"ImageUri": uri}, **given)
        return str(given["FunctionName"])

    return function


@pytest.mark.feature("lambda.invoke")
def test_an_image_runs(cloud: Cloud, images: Path, function: Any) -> None:
    layout = Layout(images / "tools" / "shell")
    digest = layout.image(
        bash_layer(), Layer().folder("work"), tag="1.0", Entrypoint=["/entry.sh", "a"], Cmd=["b"],
        Env=["COLOUR=red", "SHAPE=round", "AWS_REGION=none"], WorkingDir="/work",
    )  # fmt: skip
    uri = f"{REGISTRY}/tools/shell:1.0"
    name = function(uri, Environment={"Variables": {"SHAPE": "square"}})
    first, second = invoke(cloud, name, {"n": 1}), invoke(cloud, name, {"n": 2})
    assert "starting in /work with a b" in first.log and "starting" not in second.log
    assert (first.payload["event"], second.payload["event"]) == ({"n": 1}, {"n": 2})
    seen = {key: first.payload[key] for key in ("arguments", "cwd", "colour", "shape")}
    assert seen == {"arguments": "a b", "cwd": "/work", "colour": "red", "shape": "square"}
    assert set(first.payload["files"].split()) <= {
        "/bin", "/dev", "/entry.sh", "/etc", "/lib", "/lib64", "/proc", "/sys", "/tmp", "/usr", "/work"
    }  # fmt: skip
    told = cloud.client("lambda").get_function(FunctionName=name)
    resolved = f"{REGISTRY}/tools/shell@{digest}"
    assert told["Code"] == {"RepositoryType": "ECR", "ImageUri": uri, "ResolvedImageUri": resolved}
    assert told["Configuration"]["CodeSha256"] == digest.removeprefix("sha256:")
    assert (told["Configuration"]["CodeSize"], told["Configuration"]["PackageType"]) == (0, "Image")


@pytest.mark.feature("lambda.invoke")
def test_what_a_function_changes_of_its_image(cloud: Cloud, images: Path, function: Any) -> None:
    Layout(images / "shell").image(bash_layer(), tag="1", Entrypoint=["/none"], Cmd=["b"], Env=["COLOUR=red"])
    config = {"EntryPoint": ["/entry.sh", "x"], "WorkingDirectory": "/etc"}
    name = function(f"{REGISTRY}/shell:1", ImageConfig=config)
    payload = invoke(cloud, name, 1).payload
    assert (payload["arguments"], payload["cwd"]) == ("x b", "/etc")
    config = {"EntryPoint": ["/entry.sh"], "Command": ["{c}", "d"]}
    cloud.client("lambda").update_function_configuration(FunctionName=name, ImageConfig=config)
    payload = invoke(cloud, name, 1).payload
    assert (payload["arguments"], payload["cwd"]) == ("{c} d", "/")


HANDLER = "import os\ndef handler(event, context):\n    return [event, context.function_name, os.listdir('/')]\n"


@pytest.mark.feature("lambda.invoke")
def test_an_image_with_python(cloud: Cloud, images: Path, function: Any) -> None:
    client = (
        Layer().file("var/task/app.py", HANDLER).tree(BOOTSTRAPS / "python_runtime.py", "var/runtime/python_runtime.py")
    )
    entry = [
        os.path.realpath(sys.executable),
        "-c",
        "import sys, os; os.environ['_HANDLER'] = sys.argv[1]; import python_runtime; python_runtime.main()",
    ]
    env = ["PYTHONPATH=/var/runtime", "LAMBDA_TASK_ROOT=/var/task", f"PYTHONHOME={sys.base_prefix}"]
    layers = (python_layer(), client)
    Layout(images / "python").image(
        *layers, tag="1", Entrypoint=entry, Cmd=["app.handler"], Env=env, WorkingDir="/var/task"
    )
    event, name, there = invoke(cloud, function(f"{REGISTRY}/python:1"), {"a": 1}).payload
    assert (event, name) == ({"a": 1}, "image") and not {"work", "home", "opt"} & set(there)


@pytest.mark.feature("lambda.invoke")
def test_wherever_an_image_lies(cloud: Cloud, images: Path, function: Any, tmp_path: Path) -> None:
    def layer(says: str) -> Layer:
        return Layer().file("says", says)

    run = {"Entrypoint": ["/entry.sh"], "Cmd": ["x"]}
    many = Layout(images / "many")
    digests = [many.image(bash_layer(), layer(tag), tag=tag, **run) for tag in ("one", "two")]
    many.archive(images / "packed.tar")
    one = Layout(tmp_path / "layout")
    alone = one.image(bash_layer(), zipped=False, **run)
    (images / "single").mkdir()
    one.archive(images / "single" / "v1.tar")
    docker_archive(images / "single" / "old.tar", [bash_layer(), layer("docker")], "single:old", **run)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="images")
    s3.put_object(Bucket="images", Key="a/b.tar", Body=(images / "single" / "v1.tar").read_bytes())
    places = {
        f"{REGISTRY}/many:two": digests[1],
        f"{REGISTRY}/many@{digests[0]}": digests[0],
        f"{REGISTRY}/packed:one": digests[0],
        f"{REGISTRY}/single:v1": alone,
        f"{REGISTRY}/single@{alone}": alone,
        f"{REGISTRY}/single:old": "",
        f"file://{tmp_path}/layout": alone,
        "s3://images/a/b.tar": alone,
    }
    for number, (uri, digest) in enumerate(places.items()):
        name = function(uri, FunctionName=f"f{number}")
        told = cloud.client("lambda").get_function(FunctionName=name)
        assert told["Configuration"]["CodeSha256"] == digest.removeprefix("sha256:") or not digest
        assert told["Code"]["ResolvedImageUri"].endswith(f"@sha256:{told['Configuration']['CodeSha256']}")
        assert invoke(cloud, name, 1).payload["arguments"] == "x"


@pytest.mark.feature("lambda.invoke")
def test_a_function_keeps_its_image_until_it_is_updated(tmp_path: Path) -> None:
    images, data = tmp_path / "images", tmp_path / "data"
    uri = f"{REGISTRY}/shell:latest"

    def push(colour: str) -> None:
        layout = Layout(images / "shell" / "latest")
        layout.image(bash_layer(), Entrypoint=["/entry.sh"], Env=[f"COLOUR={colour}"])

    push("red")
    with Cloud(directory=data) as cloud:
        cloud.set("lambda", "images", str(images))
        given = {"FunctionName": "f", "Role": role_of(cloud), "PackageType": "Image", "Timeout": 20, "MemorySize": 1769}
        cloud.client("lambda").create_function(Code={"ImageUri": uri}, Publish=True, **given)
    (images / "shell").rename(tmp_path / "away")
    with Cloud(directory=data) as cloud:
        assert invoke(cloud, "f", 1).payload["colour"] == "red"
        push("blue")
        assert invoke(cloud, "f", 1).payload["colour"] == "red"
        cloud.client("lambda").update_function_code(FunctionName="f", ImageUri=uri)
        assert invoke(cloud, "f", 1).payload["colour"] == "blue"
        assert invoke(cloud, "f", 1, Qualifier="1").payload["colour"] == "red"


@pytest.mark.parametrize(
    ("run", "kind", "message"),
    [
        ({"Entrypoint": ["/none"]}, "Runtime.InvalidEntrypoint", "fork/exec /none: no such file or directory"),
        ({"Entrypoint": ["/data"]}, "Runtime.InvalidEntrypoint", "fork/exec /data: exec format error"),
        ({"Entrypoint": ["/secret"]}, "Runtime.InvalidEntrypoint", "fork/exec /secret: permission denied"),
        ({"Cmd": ["app.handler"]}, "Runtime.InvalidEntrypoint", "Couldn't find valid bootstrap(s): [app.handler]"),
        ({}, "Runtime.InvalidEntrypoint", "fork/exec /var/runtime/bootstrap: no such file or directory"),
        (
            {"Entrypoint": ["/entry.sh"], "WorkingDir": "/none"},
            *("Runtime.InvalidWorkingDir", "chdir /none: no such file or directory"),
        ),
        ({"Entrypoint": ["bash", "-c", "exit 127"]}, "Runtime.ExitError", "Runtime exited with error: exit status 127"),
    ],
)
def test_images_that_cannot_begin(
    cloud: Cloud, images: Path, function: Any, run: dict[str, Any], kind: str, message: str
) -> None:
    layer = bash_layer().file("data", "no program", 0o755).file("secret", "no program", 0o644)
    Layout(images / "shell").image(layer, tag="1", **run)
    answer = invoke(cloud, function(f"{REGISTRY}/shell:1"))
    assert (answer.error, answer.payload["errorType"]) == ("Unhandled", kind)
    assert answer.payload["errorMessage"].partition(" Error: ")[2] == message


def test_bootstraps_that_are_missing(cloud: Cloud) -> None:
    given = {"FunctionName": "f", "Role": role_of(cloud), "Runtime": "provided.al2023", "Handler": "x"}
    cloud.client("lambda").create_function(Code={"ZipFile": zipped(other="x")}, **given)
    payload = invoke(cloud, "f").payload
    assert payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert payload["errorMessage"].endswith("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


@pytest.mark.feature("lambda.invoke")
def test_source_images_that_are_refused(cloud: Cloud, images: Path, function: Any) -> None:
    def refused(uri: str, message: str) -> None:
        with pytest.raises(ClientError) as error:
            function(uri)
        told = error.value.response["Error"]
        assert (told["Code"], told["Message"]) == ("InvalidParameterValueException", message.format(uri=uri))

    layout = Layout(images / "app")
    layout.image(Layer().file("x"), tag="good", Entrypoint=["/x"])
    missing = "Source image {uri} does not exist. Provide a valid source image."
    for uri in (
        f"{REGISTRY}/app:none",
        f"{REGISTRY}/none:good",
        f"{REGISTRY}/app@sha256:{'a' * 64}",
        "s3://none/x",
        "file:///none",
    ):
        refused(uri, missing)
    invalid = "Source image {uri} is not valid. Provide a valid source image."
    for uri in (
        f"{REGISTRY}/app",
        "app:good",
        "docker.io/library/x:1",
        f"{REGISTRY}/../app:good",
        f"{REGISTRY}/APP:good",
    ):
        refused(uri, invalid)
    unsupported = "The image manifest, config or layer media type for the source image {uri} is not supported."
    index = {"schemaVersion": 2, "manifests": []}
    layout.manifest(index, f"{OCI}.index.v1+json", "many")
    bad = layout.blob(b"no tar file, though it says so" * 50, f"{OCI}.layer.v1.tar")
    config = layout.blob(b"{}", f"{OCI}.config.v1+json")
    for tag, layer in (
        ("bad", bad),
        ("zstd", {**bad, "mediaType": f"{OCI}.layer.v1.tar+zstd"}),
        ("gone", {**bad, "digest": f"sha256:{'b' * 64}"}),
    ):
        layout.manifest({"schemaVersion": 2, "config": config, "layers": [layer]}, f"{OCI}.manifest.v1+json", tag)
    (images / "app" / "blobs" / "sha256" / ("c" * 64)).write_bytes(Layer().bytes())
    other = {**bad, "digest": f"sha256:{'c' * 64}"}
    layout.manifest({"schemaVersion": 2, "config": config, "layers": [other]}, f"{OCI}.manifest.v1+json", "other")
    for tag in ("many", "bad", "zstd", "gone", "other"):
        refused(f"{REGISTRY}/app:{tag}", unsupported)
    cloud.set("lambda", "images", "")
    refused(f"{REGISTRY}/app:good", missing)


def test_images_need_a_file_system_of_their_own(
    cloud: Cloud, images: Path, function: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def isolates(host: Host) -> bool:
        return False

    monkeypatch.setattr(Host, "isolates", isolates)
    Layout(images / "shell").image(bash_layer(), tag="1", Entrypoint=["/entry.sh"])
    with pytest.raises(ClientError, match=r"InvalidRuntimeException.*Container images need a file system of their own"):
        invoke(cloud, function(f"{REGISTRY}/shell:1"))


# layers


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "root").mkdir()
    return Tree(tmp_path / "root", 1 << 20)


def lay(tree: Tree, layer: Layer) -> None:
    tree.lay(io.BytesIO(layer.bytes()))


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_layers_hide_and_replace_what_is_below(tree: Tree, tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay(tree, Layer().file("a/one", "1").file("a/two", "2").file("b/c/three", "3").file("d", "4").folder("e/f"))
    lay(tree, Layer().file("a/.wh.one").file("b/new", "n").file("b/.wh..wh..opq").file("d/five", "5").file("e/f", "6"))
    assert files(root) == {"a/two", "b/new", "d/five", "e/f"}
    lay(tree, Layer().file(".wh.a").file(".wh.none").file("b/.wh.new").file("b/new", "N"))
    assert files(root) == {"b/new", "d/five", "e/f"} and (root / "b" / "new").read_text() == "N"


def test_layers_follow_links_inside_the_image(tree: Tree, tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay(tree, Layer().folder("usr/lib").link("lib", "usr/lib").link("up", "../../../usr").link("round", "round"))
    lay(tree, Layer().file("lib/x", "x").file("up/y", "y").link("z", "usr/lib/x", hard=True))
    assert files(root) == {"lib", "up", "round", "usr/lib/x", "usr/y", "z"} and (root / "lib").is_symlink()
    assert os.path.samefile(root / "z", root / "usr/lib/x")
    with pytest.raises(BadLayer):
        lay(tree, Layer().file("round/x"))


def test_layers_never_leave_their_folder(tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    for layer in (
        Layer().file("../outside/x"),
        Layer().file("a/../../x"),
        Layer().link("x", "../outside/secret", hard=True),
    ):
        with pytest.raises(BadLayer):
            lay(tree, layer)
    lay(tree, Layer().link("out", str(outside)).link("up", "../outside"))
    lay(tree, Layer().file("out/x", "x").file("up/y", "y").file("out/.wh.secret").file("/abs", "a"))
    lay(tree, Layer().file("up/.wh..wh..opq").file(".wh.out"))
    assert os.listdir(outside) == ["secret"] and (tmp_path / "root" / "abs").exists()
    with pytest.raises(BadLayer):
        lay(tree, Layer().file("a/.wh..."))


def test_layers_have_a_limit(tree: Tree) -> None:
    with pytest.raises(TooLarge):
        lay(tree, Layer().file("x", bytes(1 << 20)))
    with pytest.raises(BadLayer):
        tree.lay(io.BytesIO(b"\x1f\x8bbroken"))
