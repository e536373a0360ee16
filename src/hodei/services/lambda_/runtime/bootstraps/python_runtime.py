"""The runtime of Python functions: it asks the Runtime API for events, calls the handler, and gives its answers back.

It runs in the function's process, under whichever Python (3.9 or newer) that is for, loaded before by a fork server;
so it imports nothing but the standard library, and takes all that is the function's own from its environment.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import datetime
import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
from typing import Any, Callable  # noqa: UP035  # for old Pythons

VERSION = "2018-06-01"
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")


class Context:
    """What a handler knows of its invocation."""

    def __init__(self, headers: Any) -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.tenant_id = headers["Lambda-Runtime-Aws-Tenant-Id"]
        self.client_context = structure(headers["Lambda-Runtime-Client-Context"], ("client", "custom", "env"))
        self.identity = structure(headers["Lambda-Runtime-Cognito-Identity"], ()) or Named({})
        for name, key in (
            ("cognito_identity_id", "cognitoIdentityId"),
            ("cognito_identity_pool_id", "cognitoIdentityPoolId"),
        ):
            setattr(self.identity, name, getattr(self.identity, key, None))
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message: Any) -> None:
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        return f"LambdaContext([aws_request_id={self.aws_request_id},function_name={self.function_name}])"


class Named:
    """A JSON object by its members."""

    def __init__(self, members: dict[str, Any]) -> None:
        self.__dict__.update(members)


def structure(text: str | None, members: tuple[str, ...]) -> Any:
    if not text:
        return None
    given = json.loads(text)
    found = Named(given)
    for member in members:
        value = given.get(member)
        setattr(found, member, Named(value) if member == "client" and isinstance(value, dict) else value)
    return found


class Fault(Exception):
    """What is wrong with a function before its handler runs."""

    def __init__(self, kind: str, message: str, trace: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.told = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)}


class Api:
    def __init__(self) -> None:
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def get(self, path: str) -> Any:
        self.connection.request("GET", f"/{VERSION}/runtime/{path}")
        response = self.connection.getresponse()
        return response.headers, response.read()

    def post(self, path: str, body: bytes, kind: str = "") -> None:
        headers = {"Content-Type": "application/json"}
        if kind:
            headers["Lambda-Runtime-Function-Error-Type"] = kind
        self.connection.request("POST", f"/{VERSION}/runtime/{path}", body, headers)
        self.connection.getresponse().read()


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    api = Api()
    prepare_path()
    prepare_logging()
    let_debug()
    try:
        handler = find(os.environ["_HANDLER"])
    except Fault as fault:
        fail(api, "init/error", fault.told)
        sys.exit(1)
    except SystemExit:
        raise
    except BaseException as error:
        fail(api, "init/error", told(error, "", load=True))
        sys.exit(1)
    if os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] == "snap-start":
        restore(api)
    while True:
        serve(api, handler)


def restore(api: Api) -> None:
    """Run the function's hooks on both sides of its snapshot: the last one registered first, then the first one."""
    hooks = importlib.import_module("snapshot_restore_py")
    try:
        for hook, args, options in reversed(hooks.get_before_snapshot()):
            hook(*args, **options)
    except BaseException as error:
        fail(api, "init/error", {**told(error, ""), "errorType": "Runtime.BeforeSnapshotError"})
        sys.exit(64)
    flush()
    api.get("restore/next")
    try:
        for hook, args, options in hooks.get_after_restore():
            hook(*args, **options)
    except BaseException as error:
        fail(api, "restore/error", {**told(error, ""), "errorType": "Runtime.AfterRestoreError"})
        sys.exit(65)


def serve(api: Api, handler: Callable[[Any, Context], Any]) -> None:
    headers, body = api.get("invocation/next")
    context = Context(headers)
    FORMAT.request = context.aws_request_id
    if trace := headers["Lambda-Runtime-Trace-Id"]:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    path = f"invocation/{context.aws_request_id}"
    try:
        answer = handler(json.loads(body), context)
    except Exception as error:
        fail(api, f"{path}/error", told(error, context.aws_request_id))
        return
    try:
        encoded = json.dumps(answer, default=encode).encode()
    except Exception as error:
        message = f"Unable to marshal response: {error}"
        fail(api, f"{path}/error", marshal_error(message, context.aws_request_id))
        return
    flush()
    api.post(f"{path}/response", encoded)


def encode(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def marshal_error(message: str, request: str) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": "Runtime.MarshalError", "requestId": request, "stackTrace": []}


def told(error: BaseException, request: str, *, load: bool = False) -> dict[str, Any]:
    """An exception as Lambda tells of it; the frames of this file are not the function's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request,
        "stackTrace": traceback.format_list(own),
    }


def fail(api: Api, path: str, error: dict[str, Any]) -> None:
    """Tell of an error, in the log too."""
    if in_json():
        line = json.dumps({"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "ERROR", **error})
    else:
        trace = "\r".join(line.replace("\n", "\r") for line in error["stackTrace"])
        line = f"[ERROR] {error['errorType']}: {error['errorMessage']}\rTraceback (most recent call last):\r{trace}"
    sys.stdout.write(f"{line}\n")
    flush()
    api.post(path, json.dumps(error).encode(), error["errorType"])


def find(name: str) -> Callable[[Any, Context], Any]:
    """The handler: "module.function", with slashes or dots between packages. Raises: Fault, what the module raises."""
    module, dot, function = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    try:
        found = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}") from None
    except SyntaxError as error:
        trace = (f'  File "{error.filename}" Line {error.lineno}\n    {error.text}\n',)
        message = f"Syntax error in module '{module}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from None
    handler = getattr(found, function, None)
    if handler is None:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module}'")
    return handler  # type: ignore[no-any-return]


def prepare_path() -> None:
    """The function's own packages come first, those of its layers after; what it brings of the SDK replaces ours."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    task, opt = os.environ["LAMBDA_TASK_ROOT"], os.environ.get("HODEI_OPT", "/opt")
    own = [task, f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    own += [one for one in os.environ.get("PYTHONPATH", "").split(":") if one]
    sys.path[:] = [*own, *(one for one in sys.path if one not in own)]
    sys.dont_write_bytecode = True  # where the function's files lie nothing is written, also where it could be
    for packages in (SDK, ("snapshot_restore_py",)):
        if any(brought(f"{place}/{name}") for place in own for name in packages):
            for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
                del sys.modules[name]
    importlib.invalidate_caches()


def brought(module: str) -> bool:
    return os.path.exists(module) or os.path.exists(f"{module}.py")


def let_debug() -> None:
    """Listen for a debugger, if one is wanted."""
    if port := os.environ.get("HODEI_DEBUG_PORT"):
        sys.path.append(os.environ["HODEI_DEBUGPY"])
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # it would complain of Python's frozen modules
        import debugpy

        debugpy.listen(("127.0.0.1", int(port)), in_process_debug_adapter=True)
        if os.environ.get("HODEI_DEBUG_WAIT"):
            debugpy.wait_for_client()


def in_json() -> bool:
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"


class Format(logging.Formatter):
    """As Lambda writes what comes through logging."""

    request = ""
    levels = {"CRITICAL": "FATAL", "WARNING": "WARN"}

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)  # noqa: UP017
        text = record.getMessage()
        if in_json():
            members = {
                "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "level": self.levels.get(record.levelname, record.levelname),
                "message": text,
                "logger": record.name,
                **failure(record),
                "requestId": self.request,
                **{name: value for name, value in vars(record).items() if name not in ORDINARY},
            }
            return json.dumps(members, default=str)
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return f"[{record.levelname}]\t{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z\t{self.request}\t{text}\n"


FORMAT = Format()
ORDINARY = {*vars(logging.makeLogRecord({})), "message", "asctime", "aws_request_id"}


def failure(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or not record.exc_info[1]:
        return {}
    error = record.exc_info[1]
    return {
        "stackTrace": traceback.format_tb(error.__traceback__),
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
    }


def mark(record: logging.LogRecord) -> bool:
    """So that functions can use the request's id in formats of their own."""
    record.aws_request_id = FORMAT.request
    return True


def prepare_logging() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(FORMAT)
    handler.addFilter(mark)
    if not in_json():
        handler.terminator = ""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    if level := os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
        root.setLevel({"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level))


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


if __name__ == "__main__":
    main()
