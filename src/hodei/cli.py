"""The command `hodei`. Most of what it does it asks of a running cloud, over the admin API."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from hodei import __version__

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4566
DEFAULT_URL = f"http://localhost:{DEFAULT_PORT}"
LOG_LEVELS = ("debug", "info", "warning", "error")

EPILOG = """\
The cloud that commands talk to is found by --url, HODEI_URL or AWS_ENDPOINT_URL, else at %(default_url)s.
Its data lies in --data, HODEI_DATA or %(data)s.
"""


class Failure(Exception):
    """What a person needs to know, in one line; the command ends with exit code `code`."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 1 when something failed, 2 when the cloud cannot start or the command is misspelt."""
    given = sys.argv[1:] if argv is None else list(argv)
    try:
        if given[:1] == ["aws"]:  # all that follows belongs to the aws CLI, also what looks like an option of ours
            return run("cli_client:aws", argparse.Namespace(url=cloud_url(), arguments=given[1:]))
        options = parser().parse_args(given)
        return run(options.command, options)
    except Failure as failure:
        print(f"hodei: {failure}", file=sys.stderr)
        return failure.code
    except BrokenPipeError:  # `hodei coverage | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def run(command: str, options: argparse.Namespace) -> int:
    """Run `module:function`, imported only now: `hodei --help` loads none of them."""
    module, _, function = command.partition(":")
    code: int | None = getattr(import_module(f"hodei.{module}"), function)(options)
    return code or 0


def cloud_url() -> str:
    return os.environ.get("HODEI_URL") or os.environ.get("AWS_ENDPOINT_URL") or DEFAULT_URL


def default_data() -> Path:
    """One folder a user, wherever `hodei` is called: a cloud does not vanish because one has changed the folder."""
    if data := os.environ.get("HODEI_DATA"):
        return Path(data)
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "hodei"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="hodei",
        description="AWS on one machine.",
        epilog=EPILOG % {"default_url": DEFAULT_URL, "data": default_data()},
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"hodei {__version__}")
    commands = top.add_subparsers(metavar="command", required=True)
    _add_start(commands)
    _add_local(commands)
    remote = argparse.ArgumentParser(add_help=False)
    remote.add_argument("--url", default=cloud_url(), help="the cloud to talk to (%(default)s)")
    _add_remote(commands, remote)
    _add_changes(commands, remote)
    _add_fault(commands, remote)
    _add_limit(commands, remote)
    _add_iam(commands, remote)
    _add_bill(commands, remote)
    _add_lambda(commands, remote)
    return top


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add_start(commands: Commands) -> None:
    start = commands.add_parser("start", help="serve the cloud until it is stopped")
    start.set_defaults(command="cli_start:start")
    start.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (%(default)s)")
    start.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (%(default)s)")
    where = start.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, default=default_data(), help="folder for all state (%(default)s)")
    where.add_argument("--ephemeral", action="store_true", help="keep the state in memory only")
    start.add_argument("--detach", action="store_true", help="go on in the background, return when it answers")
    start.add_argument("--log-level", choices=LOG_LEVELS, default="warning", help="info logs each call (%(default)s)")
    start.add_argument("--url", default="", help="how clients reach it, if not by host and port: queue URLs begin so")
    start.add_argument("--seed", type=int, help="make ids and chances repeatable")
    start.add_argument("--strict-auth", action="store_true", help="refuse keys that IAM and STS here have not issued")
    start.add_argument("--limits", choices=("off", "aws"), help="whether AWS's request rates hold (as it last was)")
    start.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)  # for --detach: where to write the URL


def _add_local(commands: Commands) -> None:
    coverage = commands.add_parser("coverage", help="what of AWS is here, counted from the code and the tests")
    coverage.add_argument("service", nargs="?", help="tell all about one service (or area of the feature catalogue)")
    coverage.set_defaults(command="cli_coverage:coverage")
    doctor = commands.add_parser("doctor", help="look for what may keep it from running; how to trust its HTTPS")
    doctor.add_argument("--data", type=Path, help="data folder to look at (that of the running cloud, or the default)")
    doctor.add_argument("--port", type=int, default=DEFAULT_PORT, help="port to look at (%(default)s)")
    doctor.set_defaults(command="cli_doctor:doctor")


def _add_remote(commands: Commands, remote: argparse.ArgumentParser) -> None:
    stop = commands.add_parser("stop", parents=[remote], help="end it: open requests finish")
    stop.set_defaults(command="cli_start:stop")
    status = commands.add_parser("status", parents=[remote], help="tell if it runs, since when, with which data")
    status.set_defaults(command="cli_client:status")
    env = commands.add_parser("env", parents=[remote], help='point this shell\'s AWS clients here: eval "$(hodei env)"')
    env.add_argument("--account", default="test", help="12 digits: the account to be (000000000000)")
    env.add_argument("--region", default="us-east-1", help="default region (%(default)s)")
    env.set_defaults(command="cli_client:env")
    commands.add_parser("aws", help="run the aws CLI pointed here: hodei aws s3 ls")


def _add_changes(commands: Commands, remote: argparse.ArgumentParser) -> None:
    reset = commands.add_parser("reset", parents=[remote], help="forget everything, or what one account has")
    reset.add_argument("--account", help="12 digits")
    reset.set_defaults(command="cli_client:reset")
    clock = commands.add_parser("clock", parents=[remote], help="the cloud's time: show, advance 3d, set, freeze...")
    clock.add_argument(
        "action", nargs="?", default="show", choices=("show", "advance", "set", "freeze", "resume", "rate")
    )
    clock.add_argument("value", nargs="*", help="advance: 3d, 12h, 1d12h; set: 2030-01-31T12:00:00Z; rate: 60")
    clock.set_defaults(command="cli_client:clock")
    snapshot = commands.add_parser("snapshot", parents=[remote], help="keep the whole cloud, go back to it")
    snapshot.add_argument("action", nargs="?", default="list", choices=("list", "save", "load", "delete"))
    snapshot.add_argument("name", nargs="?")
    snapshot.set_defaults(command="cli_client:snapshot")
    config = commands.add_parser("config", parents=[remote], help="settings and quotas: show, or set s3.buckets 20000")
    config.add_argument("action", nargs="?", default="show", choices=("show", "set"))
    config.add_argument("key", nargs="?", help="service.setting or service.quota")
    config.add_argument("value", nargs="?")
    config.add_argument("--account", default="000000000000", help="whose quotas (%(default)s)")
    config.add_argument("--region", default="us-east-1", help="where (%(default)s)")
    config.set_defaults(command="cli_client:config")


def _add_fault(commands: Commands, remote: argparse.ArgumentParser) -> None:
    fault = commands.add_parser("fault", help="let calls fail, wait or break off: add, list, remove, clear")
    actions = fault.add_subparsers(metavar="action", required=True)
    add = actions.add_parser("add", parents=[remote], help="from now on", description="Let calls fail from now on.")
    add.set_defaults(command="cli_faults:add")
    _add_selectors(add.add_argument_group("which calls (all, where nothing is said)"))
    _add_effects(add.add_argument_group("what happens to them"))
    often = add.add_argument_group("how often")
    often.add_argument("--rate", type=float, metavar="CHANCE", help="of each call, above 0 and up to 1 (1)")
    often.add_argument("--count", type=int, help="no more than so many calls")
    often.add_argument("--for", dest="lasts", metavar="DURATION", help="of the cloud's time: 10m, 1h30m")
    often.add_argument("--seed", type=int, help="which calls of a rate are struck: the same seed, the same ones")
    for name, text in (("list", "those there are, and how often each has struck"), ("clear", "take all away")):
        actions.add_parser(name, parents=[remote], help=text).set_defaults(command=f"cli_faults:{name}_")
    remove = actions.add_parser("remove", parents=[remote], help="take one away")
    remove.add_argument("id", type=int)
    remove.set_defaults(command="cli_faults:remove")


def _add_iam(commands: Commands, remote: argparse.ArgumentParser) -> None:
    iam = commands.add_parser("iam", help="why calls were denied, and which permissions would do: explain, suggest")
    actions = iam.add_subparsers(metavar="action", required=True)
    explain = actions.add_parser("explain", parents=[remote], help="the policy, or the missing allow, that decided")
    explain.add_argument("request", nargs="?", help="the id of the request (the latest denials, if none is given)")
    explain.set_defaults(command="cli_iam:explain")
    suggest = actions.add_parser("suggest", parents=[remote], help="the least policy for the calls made so far")
    who = suggest.add_mutually_exclusive_group(required=True)
    who.add_argument("--role", help="its name or ARN")
    who.add_argument("--user", help="its name or ARN")
    suggest.add_argument("--account", default="000000000000", help="of a name (%(default)s)")
    suggest.set_defaults(command="cli_iam:suggest")


def _add_lambda(commands: Commands, remote: argparse.ArgumentParser) -> None:
    functions = commands.add_parser("lambda", help="debug a function: hodei lambda debug NAME")
    actions = functions.add_subparsers(metavar="action", required=True)
    debug = actions.add_parser("debug", parents=[remote], help="let it listen for a debugger, or no more (--off)")
    debug.add_argument("function", help="its name or ARN")
    debug.add_argument("--port", type=int, default=0, help="where it listens (a free one)")
    debug.add_argument("--wait", action="store_true", help="let it wait for a debugger before it begins")
    debug.add_argument("--off", action="store_true")
    debug.add_argument("--account", default="000000000000", help="whose it is (%(default)s)")
    debug.add_argument("--region", default="us-east-1", help="where (%(default)s)")
    debug.set_defaults(command="cli_lambda:debug")


def _add_bill(commands: Commands, remote: argparse.ArgumentParser) -> None:
    bill = commands.add_parser("bill", parents=[remote], help="what AWS would bill for what has been used here")
    bill.set_defaults(command="cli_bill:bill")
    bill.add_argument("--account", help="12 digits: only of that one (all)")
    bill.add_argument(
        "--by", default="service", help="service, usage, region, account, operation, resource, day or tag:KEY"
    )
    bill.add_argument("--from", dest="start", metavar="DATE", help="2026-11-01 (since the beginning)")
    bill.add_argument("--to", dest="end", metavar="DATE", help="before that day (until now)")
    bill.add_argument("--json", action="store_true", help="print it as JSON")


def _add_selectors(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--service", help="as boto3 names it: dynamodb")
    group.add_argument("--operation", help="PutItem, or a pattern: 'Put*'")
    group.add_argument("--region")
    group.add_argument("--account", help="the caller's")
    group.add_argument("--role", help="name or ARN: calls in its sessions")
    group.add_argument("--key", help="calls with that access key")


def _add_effects(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--error", metavar="CODE", help="the service's own error, or any: ThrottlingException")
    group.add_argument("--message", help="of the error")
    group.add_argument("--status", type=int, help="of the error, if not the model's")
    group.add_argument("--latency", help="200ms, normal(200ms,50ms), uniform(100ms,1s), exponential(200ms); real time")
    group.add_argument("--reset", action="store_true", help="the connection breaks, the call has no effect")
    group.add_argument("--abort-after", type=int, metavar="BYTES", help="it has its effect, the answer breaks off")
    group.add_argument("--down", action="store_true", help="nobody answers: with --region or --service")
    group.add_argument("--skew", metavar="DURATION", help="AWS's clock is ahead by so much, or --skew=-10m behind")


def _add_limit(commands: Commands, remote: argparse.ArgumentParser) -> None:
    limit = commands.add_parser("limit", help="request rates: aws, off, set, remove, list")
    actions = limit.add_subparsers(metavar="action", required=True)
    for mode, text in (("aws", "let the rates hold that AWS documents"), ("off", "let them hold no more")):
        actions.add_parser(mode, parents=[remote], help=text).set_defaults(command="cli_faults:limits_mode", mode=mode)
    actions.add_parser("list", parents=[remote], help="those that hold").set_defaults(command="cli_faults:limits")
    for name, text in (("set", "set one"), ("remove", "take one away")):
        action = actions.add_parser(name, parents=[remote], help=text)
        action.set_defaults(command=f"cli_faults:{name}_limit")
        action.add_argument("service", help="as boto3 names it: sqs")
        action.add_argument("operation", help="SendMessage; '*' is all together")
        if name == "set":
            action.add_argument("--rate", type=float, required=True, help="requests a second")
            action.add_argument("--burst", type=float, help="requests at once (a second's worth)")
        action.add_argument("--account", default="", help="only there (each apart)")
        action.add_argument("--region", default="", help="only there (each apart)")
