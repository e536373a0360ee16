"""Functions in Java. Run as a program it writes the runtime's archive (`make java-runtime`)."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.services.lambda_.runtime import java
from hodei.services.lambda_.runtime.interpreters import BOOTSTRAPS
from hodei.testing import ACCOUNT, Cloud

SOURCES, ARCHIVE = BOOTSTRAPS / "java", BOOTSTRAPS / "java_runtime.jar"
MANIFEST = "Manifest-Version: 1.0\r\nMain-Class: {main}\r\nBuild-Jdk: {compiler}\r\n\r\n"


def compiled(sources: Path, into: Path, *options: str) -> None:
    files = sorted(str(path) for path in sources.rglob("*.java"))
    subprocess.run(["javac", "-g:source,lines", "-Xlint:-options", *options, "-d", str(into), *files], check=True)


def compiler() -> str:
    return subprocess.run(["javac", "-version"], capture_output=True, text=True, check=True).stdout.split()[1]


def packed(folder: Path, others: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files, whenever it is done."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.class"))}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**others, **files}.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def build(folder: Path) -> bytes:
    compiled(SOURCES, folder, "--release", "8")
    manifest = MANIFEST.format(main=java.MAIN, compiler=compiler())
    return packed(folder, {"META-INF/MANIFEST.MF": manifest.encode()})


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        ARCHIVE.write_bytes(build(Path(temporary)))
    sys.exit()


from .calls import Answer, invoke  # noqa: E402
from .functions import role_of, zipped  # noqa: E402

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java on this machine")
needs_compiler = pytest.mark.skipif(shutil.which("javac") is None, reason="there is no compiler for Java here")


@needs_compiler
def test_the_archive_is_made_of_the_sources(tmp_path: Path) -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        there = {name: archive.read(name) for name in archive.namelist()}
    if f"Build-Jdk: {compiler()}\r\n".encode() not in there["META-INF/MANIFEST.MF"]:
        pytest.skip("another compiler has made it")
    with zipfile.ZipFile(io.BytesIO(build(tmp_path))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == there


# Lambda's interfaces, as far as the handlers below use them; functions bring them in aws-lambda-java-core.jar
CORE = {
    "Context": """
        String getAwsRequestId(); String getLogGroupName(); String getLogStreamName(); String getFunctionName();
        String getFunctionVersion(); String getInvokedFunctionArn(); CognitoIdentity getIdentity();
        ClientContext getClientContext(); int getRemainingTimeInMillis(); int getMemoryLimitInMB();
        LambdaLogger getLogger();""",
    "CognitoIdentity": "String getIdentityId(); String getIdentityPoolId();",
    "ClientContext": "Client getClient(); java.util.Map<String, String> getCustom(); java.util.Map<String, String> getEnvironment();",
    "Client": "String getInstallationId(); String getAppTitle();",
    "LambdaLogger": "void log(String message); void log(byte[] message);",
    "RequestHandler<I, O>": "O handleRequest(I input, Context context);",
    "RequestStreamHandler": "void handleRequest(java.io.InputStream input, java.io.OutputStream output, Context context) throws java.io.IOException;",
}
LAMBDA = "com.amazonaws.services.lambda.runtime"

HANDLERS = """
package example;

import com.amazonaws.services.lambda.runtime.*;
import java.io.*;
import java.math.*;
import java.util.*;

public class Handlers {
    private int count = 0;

    public static class Item {
        private String name;
        private double price;
        private List<String> tags = new ArrayList<>();
        private Kind kind;
        public boolean hidden;

        public String getName() { return name; }
        public void setName(String name) { this.name = name; }
        public double getPrice() { return price; }
        public void setPrice(double price) { this.price = price; }
        public List<String> getTags() { return tags; }
        public void setTags(List<String> tags) { this.tags = tags; }
        public Kind getKind() { return kind; }
        public void setKind(Kind kind) { this.kind = kind; }
    }

    public enum Kind { BOOK, TOY }

    public static class Order {
        private Map<String, Item> items;
        private long number;
        private java.time.Instant at;

        public Map<String, Item> getItems() { return items; }
        public void setItems(Map<String, Item> items) { this.items = items; }
        public long getNumber() { return number; }
        public void setNumber(long number) { this.number = number; }
        public java.time.Instant getAt() { return at; }
        public void setAt(java.time.Instant at) { this.at = at; }
    }

    public static class Maps implements RequestHandler<Map<String, Object>, Map<String, Object>> {
        public Map<String, Object> handleRequest(Map<String, Object> input, Context context) {
            context.getLogger().log("with a logger\\n");
            System.out.println("printed");
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("input", input);
            told.put("class", input.get("n").getClass().getSimpleName());
            told.put("id", context.getAwsRequestId());
            told.put("arn", context.getInvokedFunctionArn());
            told.put("function", context.getFunctionName() + " " + context.getFunctionVersion());
            told.put("memory", context.getMemoryLimitInMB());
            told.put("left", context.getRemainingTimeInMillis());
            told.put("group", context.getLogGroupName());
            told.put("identity", context.getIdentity().getIdentityId());
            ClientContext client = context.getClientContext();
            if (client != null) told.put("client", client.getClient().getAppTitle() + client.getCustom().get("k") + client.getEnvironment());
            return told;
        }
    }

    public static abstract class Above<T> implements RequestHandler<T, T> { }

    public static class Orders extends Above<Order> {
        public Order handleRequest(Order order, Context context) {
            order.getItems().get("a").setPrice(order.getItems().get("a").getPrice() * 2);
            return order;
        }
    }

    public static class Streams implements RequestStreamHandler {
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            int next;
            output.write('[');
            while ((next = input.read()) >= 0) output.write(next);
            output.write(']');
        }
    }

    public static class Nothing { }

    public static class Broken {
        public Broken() { throw new IllegalStateException("not today"); }
        public void handle(Object event) { }
    }

    public static class Loading {
        static { if (true) throw new IllegalStateException("static"); }
        public void handle(Object event) { }
    }

    public class Inner { public void handle(Object event) { } }

    public int count() { return ++count; }
    public String text(String event, Context context) { return event + "!"; }
    public String text(String event) { return "the shorter one"; }
    public static List<Integer> numbers(List<Integer> event) { Collections.reverse(event); return event; }
    public void silent(Object event) { }
    public Object odd(Integer event) { return new Object[] {event, new BigDecimal("1.10"), 'c', new int[] {1}, Kind.TOY, new Date(5), Optional.empty().isPresent(), 1e300, "\\"\\n\\u0001ü"}; }
    public String fail(Object event) { return deeper(); }
    private String deeper() { throw new IllegalArgumentException("no way", new RuntimeException("because")); }
    public void quit(Object event) { System.exit(3); }
    public int eat(Object event) { List<byte[]> all = new ArrayList<>(); while (true) all.add(new byte[1 << 24]); }
    public String layer(Object event) { return shared.Layer.says(); }
    public String library(Object event) { return library.Library.says() + getClass().getResource("/data.txt").getProtocol(); }
    public String property(Object event) { return System.getProperty("colour") + Runtime.getRuntime().maxMemory() / 1048576; }
    public long slow(Long event) throws Exception { Thread.sleep(event); return event; }
}
"""


def class_of(package: str, name: str, says: str) -> str:
    return f'package {package}; public class {name} {{ public static String says() {{ return "{says}"; }} }}\n'


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A function's package, and one of a layer."""
    folder = tmp_path_factory.mktemp("java")
    sources = folder / "sources"
    texts = {
        "example/Handlers.java": HANDLERS,
        "shared/Layer.java": class_of("shared", "Layer", "from a layer"),
        "library/Library.java": class_of("library", "Library", "from a library"),
    }
    for name, members in CORE.items():
        texts[f"core/{name.partition('<')[0]}.java"] = f"package {LAMBDA}; public interface {name} {{ {members} }}"
    for name, text in texts.items():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text(text)
    compiled(sources, folder / "classes", "--release", "17")
    for name in ("shared", "library", "com"):
        (folder / "jars" / name).mkdir(parents=True)
        shutil.move(folder / "classes" / name, folder / "jars" / name / name)
    libraries = {f"lib/{name}.jar": packed(folder / "jars" / name, {}) for name in ("library", "com")}
    return {
        "function": packed(folder / "classes", {**libraries, "data.txt": b"data"}),
        "layer": packed(folder / "none", {"java/lib/shared.jar": packed(folder / "jars" / "shared", {})}),
    }


@pytest.fixture
def function(cloud: Cloud, code: dict[str, bytes]) -> Callable[..., str]:
    role = role_of(cloud)

    def function(handler: str, **options: Any) -> str:
        given = {"Runtime": "java17", "Timeout": 20, "MemorySize": 1769, **options}
        cloud.client("lambda").create_function(
            FunctionName="java",
            Role=role,
            Handler=f"example.Handlers{handler}",
            Code={"ZipFile": code["function"]},
            **given,
        )
        return "java"

    return function


@needs_java
@needs_compiler
@pytest.mark.feature("lambda.invoke")
def test_a_handler_by_its_interface(cloud: Cloud, function: Any) -> None:
    import base64
    import json

    name = function("$Maps", Timeout=9, MemorySize=512)
    context = {"client": {"app_title": "App"}, "custom": {"k": "v"}, "env": {"e": "f"}}
    told = invoke(
        cloud,
        name,
        {"n": 1, "deep": [{"ü": None}, 2.5]},
        ClientContext=base64.b64encode(json.dumps(context).encode()).decode(),
    )
    payload = told.payload
    assert payload["input"] == {"n": 1, "deep": [{"ü": None}, 2.5]} and payload["class"] == "Integer"
    assert payload["arn"] == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:java"
    assert (payload["function"], payload["memory"], payload["group"]) == ("java $LATEST", 512, "/aws/lambda/java")
    assert 0 < payload["left"] <= 9000 and payload["identity"] is None and payload["client"] == "Appv{e=f}"
    assert f"START RequestId: {payload['id']}" in told.log
    assert re.search(r"INIT_START Runtime Version: java:\d+\.v\d+\n", told.log)
    assert "with a logger\n" in told.log and "printed\n" in told.log
    second = invoke(cloud, name, {"n": 3_000_000_000}).payload
    assert second["class"] == "Long" and "client" not in second


@needs_java
@needs_compiler
@pytest.mark.feature("lambda.invoke")
def test_objects_of_the_functions_own_classes(cloud: Cloud, function: Any) -> None:
    item = {"name": "Ü", "price": 1.25, "tags": ["x"], "kind": "TOY", "hidden": True}
    order = {"NUMBER": 9_000_000_000, "items": {"a": {**item, "unknown": 1}, "b": {}}, "at": "2026-01-02T03:04:05Z"}
    empty = {"name": None, "price": 0.0, "tags": [], "kind": None, "hidden": False}
    assert invoke(cloud, function("$Orders"), order).payload == {
        "items": {"a": {**item, "price": 2.5}, "b": empty}, "number": 9_000_000_000, "at": "2026-01-02T03:04:05Z"
    }  # fmt: skip
    failed = invoke(cloud, "java", {"number": "many"})
    assert (failed.payload["errorMessage"], failed.payload["errorType"]) == (
        "An error occurred during JSON parsing",
        "java.lang.RuntimeException",
    )
    assert failed.payload["stackTrace"] == [] and failed.error == "Unhandled"


@needs_java
@needs_compiler
@pytest.mark.feature("lambda.invoke")
@pytest.mark.parametrize(
    ("handler", "event", "answer"),
    [
        ("$Streams", {"a": [1]}, [{"a": [1]}]),
        ("$Streams::handleRequest", 5, [5]),
        ("::text", "hi", "hi!"),
        ("::numbers", [1, 2, 3], [3, 2, 1]),
        ("::silent", {}, None),
        ("::count", {}, 1),
        ("::odd", "7", [7, 1.10, "c", [1], "TOY", 5, False, 1e300, '"\n\x01ü']),
        ("::library", {}, "from a libraryfile"),
    ],
)
def test_handlers_of_all_kinds(cloud: Cloud, function: Any, handler: str, event: Any, answer: Any) -> None:
    assert invoke(cloud, function(handler), event).payload == answer


@needs_java
@needs_compiler
@pytest.mark.feature("lambda.invoke")
def test_one_instance_serves_all_events(cloud: Cloud, function: Any) -> None:
    name = function("::count")
    assert [invoke(cloud, name).payload for _ in range(3)] == [1, 2, 3]


@needs_java
@needs_compiler
@pytest.mark.feature("lambda.aliases")
def test_java_in_layers(cloud: Cloud, function: Any, code: dict[str, bytes]) -> None:
    layer = cloud.client("lambda").publish_layer_version(LayerName="shared", Content={"ZipFile": code["layer"]})
    assert invoke(cloud, function("::layer", Layers=[layer["LayerVersionArn"]])).payload == "from a layer"


@needs_java
@needs_compiler
@pytest.mark.feature("lambda.memory")
def test_options_and_the_heap(cloud: Cloud, function: Any) -> None:
    name = function("::property", MemorySize=1024, Environment={"Variables": {"JAVA_TOOL_OPTIONS": "-Dcolour=red"}})
    told = invoke(cloud, name)
    colour, heap = told.payload[:3], int(told.payload[3:])
    assert colour == "red" and 0.8 * 1024 < heap < 0.86 * 1024
    assert "Picked up JAVA_TOOL_OPTIONS: -Dcolour=red" in told.log


@needs_java
@needs_compiler
def test_where_a_java_function_failed(cloud: Cloud, function: Any) -> None:
    told = invoke(cloud, function("::fail"))
    assert (told.payload["errorMessage"], told.payload["errorType"]) == ("no way", "java.lang.IllegalArgumentException")
    assert [re.sub(r":\d+", "", frame) for frame in told.payload["stackTrace"]] == [
        "example.Handlers.deeper(Handlers.java)", "example.Handlers.fail(Handlers.java)"
    ]  # fmt: skip
    assert (
        "no way: java.lang.IllegalArgumentException\n" in told.log
        and "Caused by: java.lang.RuntimeException: because" in told.log
    )
    assert invoke(cloud, "java").payload["errorMessage"] == "no way"


@needs_java
@needs_compiler
@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("$None", "java.lang.ClassNotFoundException", "Class not found: example.Handlers$None"),
        ("$Nothing", None, "Class does not implement an appropriate handler interface: example.Handlers$Nothing"),
        ("::", None, "Invalid handler: `example.Handlers::'"),
        (
            "::none",
            None,
            "No public method named none with appropriate method signature found on class example.Handlers",
        ),
        (
            "::deeper",
            None,
            "No public method named deeper with appropriate method signature found on class example.Handlers",
        ),
        ("$Broken::handle", "java.lang.IllegalStateException", "not today"),
        ("$Loading::handle", "java.lang.ExceptionInInitializerError", "Error loading class example.Handlers$Loading"),
        (
            *("$Inner::handle", "java.lang.Exception"),
            "Class example.Handlers$Inner cannot be instantiated because it is a non-static inner class",
        ),
        ("::quit", "Runtime.ExitError", "RequestId: {id} Error: Runtime exited with error: exit status 3"),
        ("::eat", "java.lang.OutOfMemoryError", "Java heap space"),
    ],
)
def test_java_functions_that_fail(cloud: Cloud, function: Any, handler: str, kind: str | None, message: str) -> None:
    name = function(handler, MemorySize=512)
    told: Answer = invoke(cloud, name)
    id = re.search(r"START RequestId: (\S+)", told.log)
    assert id and told.error == "Unhandled"
    assert told.payload.get("errorType") == kind and told.payload["errorMessage"] == message.format(id=id[1])


@needs_java
@needs_compiler
@pytest.mark.feature("lambda.timeout")
def test_a_java_function_that_takes_too_long(cloud: Cloud, function: Any) -> None:
    told = invoke(cloud, function("::slow", Timeout=1), 5000)
    assert told.payload["errorType"] == "Sandbox.Timedout"


def test_which_java_runs_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("a", "17.0.2"), ("b", "25"), ("c", "1.8.0_392")):
        home = tmp_path / name
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "java").touch()
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    monkeypatch.setattr(java, "HOMES", (f"{tmp_path}/*",))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    found = {runtime: java.find(runtime) for runtime in ("java8.al2", "java11", "java17", "java21", "java25")}
    assert {runtime: one.major for runtime, one in found.items()} == {
        "java8.al2": 8, "java11": 17, "java17": 17, "java21": 25, "java25": 25
    }  # fmt: skip
    assert (found["java8.al2"].update, found["java17"].update, found["java25"].update) == ("392", "2", "0")


def test_without_java(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "HOMES", ())
    monkeypatch.setenv("PATH", "/none")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    given = {"FunctionName": "f", "Role": role_of(cloud), "Runtime": "java21", "Handler": "x"}
    cloud.client("lambda").create_function(Code={"ZipFile": zipped(x="")}, **given)
    with pytest.raises(
        ClientError, match=r"InvalidRuntimeException.*java21 is not on this machine: install a JRE 21 or newer"
    ):
        invoke(cloud, "f")
