"""Functions in Node.js: the forms of their handlers, what they print, how they fail."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .calls import invoke
from .functions import role_of

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on this machine"),
    pytest.mark.feature("lambda.invoke"),
]

COMMON = """
let count = 0;
setInterval(() => count++, 2000).unref();
exports.later = (event, context, callback) => setTimeout(() => callback(null, "later"), 5);
exports.waits = (event, context, callback) => {
  let ended = false;
  setTimeout(() => (ended = true), 150);
  const answer = { get ended() { return ended; } };
  callback(null, answer);
};
exports.goesOn = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => {}, 60000);
  callback(null, "at once");
};
exports.succeeds = (event, context) => setTimeout(() => context.succeed(event), 1);
exports.fails = (event, context) => context.fail(new RangeError("too far"));
exports.done = (event, context) => context.done(null, "done");
exports.twice = (event, context, callback) => { callback(null, 1); callback(null, 2); };
exports.forgets = (event, context, callback) => {};
exports.returns = (event) => "ignored";
exports.promises = (event) => Promise.resolve("promised");
exports.nothing = async () => {};
exports.never = async () => new Promise(() => {});
exports.round = async () => { const it = {}; it.it = it; return it; };
exports.thrown = () => { throw Object.assign(new TypeError("thrown"), { code: "E1", extra: { a: 1 } }); };
exports.text = async () => { throw "only a text"; };
exports.uncaught = (event, context, callback) => { setTimeout(() => { throw new Error("late"); }, 1); };
exports.rejected = async () => { Promise.reject(new Error("nobody listens")); await new Promise((resolve) => setTimeout(resolve, 5000)); };
exports.leaves = async () => process.exit(5);
exports.nested = { deep: { handler: async () => "deep" } };
exports.value = 5;
exports.speaks = async () => {
  console.log("log %s", "it", { a: 1 });
  console.debug("two\\nlines");
  console.warn("careful");
  console.error(new RangeError("bad"));
  console.trace("where");
};
"""
FILES = {
    "index.js": COMMON,
    "module.mjs": "import fs from 'node:fs';\nexport const handler = async () => typeof fs.readFileSync;\nexport default async () => 'default';\n",
    "common.cjs": "exports.handler = async () => 'cjs';\n",
    "sub/dir/app.js": "exports.handler = async () => require('../other').says;\n",
    "sub/other.js": "exports.says = 'other';\n",
    "esm/package.json": '{"type": "module"}',
    "esm/app.js": "export const handler = async () => import.meta.url;\n",
    "node_modules/packed/index.js": "exports.handler = async () => 'packed';\n",
    "bad.js": "exports.handler = async ( => 1;\n",
    "needs.js": "require('none-such');\n",
    "breaks.js": "throw new Error('at the start');\n",
    "esm/layered.mjs": "import { says } from 'layered';\nexport const handler = async () => says;\n",
    "esm/local.mjs": "import './none.mjs';\n",
    "traced.js": "require('http').request = () => console.log('traced');\nexports.handler = async () => 'not traced';\n",
    "layered.js": "exports.handler = async () => require('layered').says;\n",
}


def zipped(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


@pytest.fixture
def function(cloud: Cloud) -> Callable[..., str]:
    role = role_of(cloud)

    def function(handler: str, **options: Any) -> str:
        given = {"Runtime": "nodejs22.x", "MemorySize": 1769, "Timeout": 20, **options}
        cloud.client("lambda").create_function(
            FunctionName="node", Role=role, Handler=handler, Code={"ZipFile": zipped(FILES)}, **given
        )
        return "node"

    return function


@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        ("index.later", "later"),
        ("index.waits", {"ended": True}),
        ("index.goesOn", "at once"),
        ("index.succeeds", {"a": 1}),
        ("index.done", "done"),
        ("index.twice", 1),
        ("index.forgets", None),
        ("index.returns", None),
        ("index.promises", "promised"),
        ("index.nothing", None),
        ("index.nested.deep.handler", "deep"),
        ("module.handler", "function"),
        ("module.default", "default"),
        ("common.handler", "cjs"),
        ("sub/dir/app.handler", "other"),
        ("esm/app.handler", "file:///var/task/esm/app.js"),
        ("packed.handler", "packed"),
    ],
)
def test_handlers_of_all_kinds(cloud: Cloud, function: Any, handler: str, answer: Any) -> None:
    name = function(handler)
    assert invoke(cloud, name, {"a": 1}).payload == answer
    assert invoke(cloud, name, {"a": 1}).payload == answer


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("index.fails", "RangeError", "too far"),
        ("index.thrown", "TypeError", "thrown"),
        ("index.text", "string", "only a text"),
        ("index.round", "Error", "Unable to stringify response body"),
        ("index.never", "Runtime.NodeJsExit", r"The Lambda runtime client detected an unexpected Node\.js exit code.*"),
        ("index.uncaught", "Error", "late"),
        ("index.rejected", "Runtime.UnhandledPromiseRejection", "Error: nobody listens"),
        ("index.leaves", "Runtime.ExitError", "RequestId: .* Error: Runtime exited with error: exit status 5"),
        ("index.none", "Runtime.HandlerNotFound", "index.none is undefined or not exported"),
        ("index.value", "Runtime.HandlerNotFound", "index.value is not a function"),
        ("module.other", "Runtime.HandlerNotFound", "module.other is undefined or not exported"),
        ("index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("../index.later", "Runtime.MalformedHandlerName", r"'\.\./index\.later' is not a valid handler name\. .*"),
        ("missing.handler", "Runtime.ImportModuleError", r"Error: Cannot find module 'missing'\nRequire stack:.*"),
        (
            "needs.handler",
            "Runtime.ImportModuleError",
            r"Error: Cannot find module 'none-such'\nRequire stack:\n- /var/task/needs\.js.*",
        ),
        ("bad.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: .*"),
        ("breaks.handler", "Error", "at the start"),
    ],
)
def test_functions_that_fail(cloud: Cloud, function: Any, handler: str, kind: str, message: str) -> None:
    told = invoke(cloud, function(handler))
    assert (told.error, told.payload["errorType"]) == ("Unhandled", kind)
    assert re.fullmatch(message, told.payload["errorMessage"], re.DOTALL)


def test_what_the_log_says_of_errors(cloud: Cloud, function: Any) -> None:
    def logged(handler: str) -> tuple[str, dict[str, Any]]:
        cloud.client("lambda").update_function_configuration(FunctionName=name, Handler=handler)
        told = re.search(r"\t(\S+)\tERROR\t([\w ]+?) \t(\{.*\})\n", invoke(cloud, name).log)
        assert told
        return told[2], json.loads(told[3])

    name = function("index.thrown")
    what, error = logged("index.thrown")
    assert what == "Invoke Error" and error["stack"][0] == "TypeError: thrown"
    assert {key: error[key] for key in ("errorType", "errorMessage", "code", "extra")} == {
        "errorType": "TypeError", "errorMessage": "thrown", "code": "E1", "extra": {"a": 1}
    }  # fmt: skip
    what, error = logged("index.uncaught")
    assert (what, error["errorMessage"]) == ("Uncaught Exception", "late")
    what, error = logged("index.rejected")
    assert what == "Unhandled Promise Rejection" and error["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert error["reason"]["errorMessage"] == "nobody listens"
    what, error = logged("breaks.handler")
    assert (what, error["errorMessage"]) == ("Uncaught Exception", "at the start")


def test_the_console(cloud: Cloud, function: Any) -> None:
    name = function("index.speaks")
    lines = [
        line.split("\t", 3) for line in invoke(cloud, name).log.split("\n") if "\t" in line and "REPORT" not in line
    ]
    told = [(level, text) for _, _, level, text in lines]
    assert told[:3] == [("INFO", "log it { a: 1 }"), ("DEBUG", "two\rlines"), ("WARN", "careful")]
    assert told[3][0] == "ERROR" and told[3][1].startswith("RangeError: bad\r    at ") and told[4] == ("TRACE", "where")
    assert len({request for _, request, _, _ in lines}) == 1


def test_the_console_in_json(cloud: Cloud, function: Any) -> None:
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN"}
    name = function("index.speaks", LoggingConfig=logging)
    lines = [json.loads(line) for line in invoke(cloud, name).log.split("\n") if line.startswith('{"timestamp"')]
    warned, failed = [line for line in lines if line.get("level") in ("WARN", "ERROR")]
    assert (warned["message"], failed["message"]["errorType"]) == ("careful", "RangeError")
    assert failed["message"]["stackTrace"][0] == "RangeError: bad" and warned["requestId"] == failed["requestId"]
    assert not [line for line in lines if line.get("level") in ("TRACE", "DEBUG")]


def test_from_node_24_on_there_are_no_callbacks(cloud: Cloud, function: Any) -> None:
    name = function("index.later", Runtime="nodejs24.x")
    payload = invoke(cloud, name).payload
    assert payload["errorType"] == "Runtime.CallbackHandlerDeprecated"
    assert payload["errorMessage"].startswith(
        "ERROR: AWS Lambda has removed support for callback-based function handlers"
    )
    cloud.client("lambda").update_function_configuration(FunctionName=name, Handler="index.returns")
    assert invoke(cloud, name).payload == "ignored"


@pytest.mark.feature("lambda.aliases")
def test_modules_of_layers(cloud: Cloud, function: Any) -> None:
    content = {"ZipFile": zipped({"nodejs/node_modules/layered/index.js": "exports.says = 'from a layer';\n"})}
    layer = cloud.client("lambda").publish_layer_version(LayerName="layer", Content=content)["LayerVersionArn"]
    assert invoke(cloud, function("layered.handler", Layers=[layer])).payload == "from a layer"


@pytest.mark.feature("lambda.invoke")
def test_modules_for_all_functions(cloud: Cloud, function: Any, tmp_path: Path) -> None:
    """As the SDK is there on AWS, for `require` and `import`."""
    package = tmp_path / "node_modules" / "layered"
    package.mkdir(parents=True)
    (package / "index.js").write_text("exports.says = 'of the machine';\n")
    cloud.set("lambda", "node-modules", str(tmp_path / "node_modules"))
    name, client = function("layered.handler"), cloud.client("lambda")
    assert invoke(cloud, name).payload == "of the machine"
    client.update_function_configuration(FunctionName=name, Handler="esm/layered.handler")
    assert invoke(cloud, name).payload == "of the machine"
    cloud.set("lambda", "node-modules", str(package))
    with pytest.raises(ClientError, match=r"The setting lambda\.node-modules names no folder node_modules"):
        client.update_function_configuration(FunctionName=name, Handler="index.returns")
        invoke(cloud, name)


@pytest.mark.feature("lambda.aliases")
def test_imports_find_modules_of_layers(cloud: Cloud, function: Any) -> None:
    """As `import` finds packages: what package.json exports counts, and layers for the very version come first."""
    package = json.dumps({"type": "module", "exports": {"import": "./it.js"}})
    modules = {
        f"nodejs/{folder}/layered/{name}": text
        for folder, says in (("node_modules", "for all"), ("node22/node_modules", "for Node.js 22"))
        for name, text in (("package.json", package), ("it.js", f"export const says = '{says}';\n"))
    }
    layer = cloud.client("lambda").publish_layer_version(LayerName="layer", Content={"ZipFile": zipped(modules)})
    name = function("esm/layered.handler", Layers=[layer["LayerVersionArn"]])
    assert invoke(cloud, name).payload == "for Node.js 22"
    cloud.client("lambda").update_function_configuration(FunctionName=name, Runtime="nodejs20.x")
    assert invoke(cloud, name).payload == "for all"
    cloud.client("lambda").update_function_configuration(FunctionName=name, Handler="esm/local.handler")
    told = invoke(cloud, name).payload
    assert told["errorMessage"] == "Cannot find module '/var/task/esm/none.mjs' imported from /var/task/esm/local.mjs"


def test_what_tracers_make_of_http_is_not_for_the_runtime(cloud: Cloud, function: Any) -> None:
    answer = invoke(cloud, function("traced.handler"))
    assert answer.payload == "not traced"
    assert "INFO\ttraced" not in answer.log
