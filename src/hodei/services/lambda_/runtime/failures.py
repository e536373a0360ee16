"""What initialisations and invokes fail of, as AWS tells it."""

from __future__ import annotations

import msgspec

from hodei.services.lambda_.runtime.apis.extensions import Extension
from hodei.services.lambda_.runtime.invocation import Outcome

TIMEOUT = "Sandbox.Timedout"
NOT_LAUNCHED = {126: ("PermissionDenied", "permission denied"), 127: ("UnknownError", "no such file or directory")}
SIGNALS = {4: "illegal instruction", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}


def fault(kind: str, message: str) -> Outcome:
    return Outcome(msgspec.json.encode({"errorType": kind, "errorMessage": message}), kind)


def timed_out(id: str, seconds: int) -> Outcome:
    return fault(TIMEOUT, f"RequestId: {id} Error: Task timed out after {seconds:.2f} seconds")


def exited(id: str, code: int, *, starved: bool) -> Outcome:
    """Of a runtime that has ended in the midst of it; `starved` if it was killed for want of memory."""
    if code == 0:
        return fault("Runtime.ExitError", f"RequestId: {id} Error: Runtime exited without providing a reason")
    kind = "Runtime.OutOfMemory" if starved else "Runtime.ExitError"
    return fault(kind, f"RequestId: {id} Error: Runtime exited with error: {_ending(code)}")


def of_extension(id: str, one: Extension, code: int) -> Outcome:
    """One that has told of an error, or has ended with `code` (0 if it goes on). It knows afterwards if it could not
    even be launched."""
    kind = one.state if one.error else "Crash"
    how = _ending(code) if code else "exit code 0"
    if code in NOT_LAUNCHED and not one.id:
        kind = one.state = "LaunchError"
        one.error, reason = NOT_LAUNCHED[code]
        how = f"fork/exec /opt/extensions/{one.name}: {reason}"
    return fault(f"Extension.{kind}", f"RequestId: {id} Error: {how}")


def status(failed: Outcome | None) -> dict[str, str]:
    """As records have it."""
    if failed is None:
        return {"status": "success"}
    return {"status": "timeout"} if failed.error == TIMEOUT else {"status": "error", "errorType": failed.error}


def _ending(code: int) -> str:
    return f"signal: {SIGNALS.get(code - 128, code - 128)}" if code > 128 else f"exit status {code}"
