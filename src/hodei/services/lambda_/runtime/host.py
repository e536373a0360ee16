"""The machine that functions of a cloud run on: fork servers, unpacked packages, environments that are started."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hodei.engines.sandbox import cgroups
from hodei.engines.sandbox.launcher import CannotStart, ForkServer, Part, Program, machine
from hodei.engines.sandbox.users import Users
from hodei.kernel.world import World
from hodei.services.lambda_.runtime import containers, interpreters, java
from hodei.services.lambda_.runtime.deployment import Debugger, Deployment
from hodei.services.lambda_.runtime.environment import Environment
from hodei.services.lambda_.runtime.interpreters import BOOTSTRAPS, NoInterpreter, Python
from hodei.services.lambda_.runtime.journal import Journal
from hodei.services.lambda_.runtime.processes import Plan

LIMITS = {"NOFILE": 1024, "CORE": 0}
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-registration-api-e
OF_THE_RUNTIME = {
    "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT", "_HANDLER",
}  # fmt: skip
HOSTS = "/etc/hosts"
TASK, OPT, RUNTIME = "/var/task", "/opt", "/var/runtime"
INSTEAD = (
    "there are Python, Node.js, Java and custom runtimes; another language can run by a bootstrap of its own "
    "(provided.al2023) or as a container image."
)
SCRATCH = Path("/var/tmp")  # functions have a /tmp of their own, in which nothing of ours should lie


@dataclass(frozen=True)
class Command:
    """How a runtime is begun, and by which fork server (the one of Hodei's own Python, or one with the SDK loaded): by
    a `call` of what is loaded, if it has one and no other program is to begin it."""

    server: ForkServer
    argv: tuple[str, ...] = ()
    call: str = ""
    parts: tuple[Part, ...] = ()
    label: str = ""  # "python:3.12.v1"; none of container images


class Host:
    """`folder` is its scratch, of which nothing has to last."""

    def __init__(self, world: World) -> None:
        self._world = world
        base = SCRATCH if SCRATCH.is_dir() else None
        if world.directory:
            base = world.directory.path / "sandboxes"
            shutil.rmtree(base, ignore_errors=True)  # of a process that was killed
            base.mkdir()
        self.folder = Path(tempfile.mkdtemp(prefix=f"hodei-{os.getpid()}-", dir=base))
        self.folder.chmod(0o755)
        cgroups.sweep()
        _sweep(self.folder.parent)
        self._servers: dict[str, asyncio.Future[ForkServer]] = {}  # by interpreter
        self._isolates: bool | None = None
        self._users = Users()

    async def close(self) -> None:
        for server in self._servers.values():
            with suppress(CannotStart):
                await (await server).stop()
        self._servers.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def start(self, deployment: Deployment, credentials: Mapping[str, str], stream: str) -> Environment:
        """An environment, in which nothing runs yet. `credentials` are variables that are not to be kept: those of its
        role, and of the function itself. `stream` is its log stream. Raises: NoInterpreter, CannotStart."""
        command = await self._command(deployment)
        journal = Journal(deployment, self._world.clock.now)
        environment = Environment(deployment, journal, self._world.ids.uuid, self._world.clock.real)
        assert self._world.doors, "the cloud has no addresses to give"
        user = self._users.take(apart=await self.isolates())
        door = None
        try:
            door = await self._world.doors.open(environment.answer, user.has)
            home = {"AWS_LAMBDA_RUNTIME_API": door.address, "AWS_ENDPOINT_URL": await self._world.doors.home()}
            standard = _standard(deployment, stream)
            program = await self._program(deployment, command, standard, {**home, **credentials})
            plan = _plan(deployment, command, replace(program, uid=user.uid), environment.group.folders)
            environment.furnish(door, plan, user)
        except BaseException:
            if door:
                await door.close()
            await environment.group.removed()
            user.leave()
            raise
        return environment

    async def _program(
        self, deployment: Deployment, command: Command, standard: Mapping[str, str], own: Mapping[str, str]
    ) -> Program:
        """The runtime."""
        isolated = await self.isolates()
        if of := deployment.container:
            env, cwd, argv = containers.environment(of, standard), of.cwd, of.argv
            root: list[Part] | None = containers.parts(deployment, isolated=isolated)
        else:
            cwd, opt = (TASK, OPT) if isolated else (str(deployment.code), str(deployment.layers or "/nonexistent"))
            runtime = RUNTIME if isolated else str(BOOTSTRAPS)
            env = {**standard, "LAMBDA_TASK_ROOT": cwd, "HODEI_OPT": opt}
            if deployment.runtime.startswith("nodejs"):
                env["NODE_PATH"] = _node_path(deployment.runtime, cwd, opt, runtime, self._node_modules())
            argv = tuple(part.format(task=cwd, opt=opt, runtime=runtime) for part in command.argv)
            root = _parts(deployment, command) if isolated else None
        if root is not None:
            root += self._hosts()
        if deployment.debugger:
            env |= self._debugging(deployment.debugger)
        env |= own
        if wrapper := _wrapper(deployment, env):
            argv = (wrapper, *argv)
            env["PYTHONPATH"] = os.pathsep.join(filter(None, (env.get("PYTHONPATH"), str(self._sdk()))))
        return Program(
            env=env,
            cwd=cwd,
            argv=argv if wrapper or not command.call else (),
            call=command.call,
            root=root,
            limits=LIMITS,
        )

    async def isolates(self) -> bool:
        """Whether functions have a file system and a process tree of their own here."""
        if self._isolates is None:
            self._isolates = await (await self._plain()).can_isolate()
        return self._isolates

    # runtimes

    async def _command(self, deployment: Deployment) -> Command:
        runtime = deployment.runtime
        if deployment.container:
            return Command(await self._plain())
        if runtime.startswith("python"):
            found = await interpreters.python(runtime)
            parts = (Part(found.prefix, found.prefix), Part(RUNTIME, str(BOOTSTRAPS)), *self._loaded())
            major, _, rest = found.version.partition(".")
            label = f"python:{major}.{rest.replace('.', '.v', 1)}"
            program = f"{found.prefix}/bin/python{major}.{rest.partition('.')[0]}"
            words = (program, "{runtime}/python_runtime.py")
            return Command(await self._python(found), words, "python_runtime:main", parts, label)
        if runtime.startswith("nodejs"):
            command = interpreters.node(runtime)
            script = "{runtime}/node_runtime.mjs"
            modules = [Part(folder, folder) for folder in self._node_modules()]
            parts = (Part(RUNTIME, str(BOOTSTRAPS)), *_beside(command), *modules)
            return Command(await self._plain(), argv=(command, script), parts=parts, label=f"nodejs:{runtime[6:]}")
        if runtime.startswith("provided"):
            own = deployment.code / "bootstrap"
            argv = ("{task}/bootstrap",) if own.exists() else ("{opt}/bootstrap",)
            return Command(await self._plain(), argv=argv, label=runtime)
        if runtime.startswith("java"):
            jre = java.find(runtime)
            parts = (Part(RUNTIME, str(BOOTSTRAPS)), *_beside(jre.command))
            options, label = java.arguments(jre, deployment), f"java:{jre.major}.v{jre.update}"
            return Command(await self._plain(), argv=options, parts=parts, label=label)
        raise NoInterpreter(f"The runtime {runtime} cannot run on this machine: {INSTEAD}")

    async def _plain(self) -> ForkServer:
        """For programs that are no Python."""
        return await self._server("", ForkServer(_own_python(), self.folder / "root"))

    async def _python(self, python: Python) -> ForkServer:
        path = [str(BOOTSTRAPS), str(self._sdk())]
        preload = ["python_runtime", "snapshot_restore_py", *(["boto3"] if "boto3" in interpreters.sdk() else [])]
        made = ForkServer(python.command, self.folder / "root", preload=preload, path=path)
        return await self._server(python.command, made)

    async def _server(self, name: str, made: ForkServer) -> ForkServer:
        """The one that is there by that name, or this one, as soon as it is started. Raises: CannotStart."""
        if name not in self._servers:
            self._servers[name] = asyncio.ensure_future(_started(made))
        try:
            return await self._servers[name]
        except CannotStart:
            self._servers.pop(name, None)
            raise

    def _sdk(self) -> Path:
        """A folder with the packages of the SDK and nothing else."""
        return self._linked("sdk", interpreters.sdk())

    def _node_modules(self) -> list[str]:
        """The folder of packages for all functions in Node.js, if there is one. Raises: NoInterpreter."""
        folder: str = self._world.settings.get("lambda", "node-modules")
        if not folder:
            return []
        if not (Path(folder).is_dir() and Path(folder).name == "node_modules"):
            raise NoInterpreter(f"The setting lambda.node-modules names no folder node_modules: {folder}")
        return [str(Path(folder).resolve())]

    def _debugpy(self) -> Path:
        return self._linked("debugpy", interpreters.debugpy())

    def _hosts(self) -> list[Part]:
        """The machine's names, and the one that an environment has for itself."""
        if not os.path.exists(HOSTS):
            return []
        file = self.folder / "hosts"
        if not file.exists():
            file.write_text(f"{Path(HOSTS).read_text()}\n127.0.0.1 sandbox.localdomain sandbox\n")
            file.chmod(0o644)
        return [Part(HOSTS, str(file))]

    def _linked(self, name: str, packages: Mapping[str, str]) -> Path:
        folder = self.folder / name
        if not folder.exists():
            folder.mkdir()
            for package, source in packages.items():
                (folder / package).symlink_to(source)
        return folder

    def _debugging(self, debugger: Debugger) -> dict[str, str]:
        """What tells the runtimes of it."""
        wait = {"HODEI_DEBUG_WAIT": "1"} if debugger.wait else {}
        return {"HODEI_DEBUG_PORT": str(debugger.port), "HODEI_DEBUGPY": str(self._debugpy()), **wait}

    def _loaded(self) -> list[Part]:
        """What the fork server of Python has loaded, where it has found it."""
        found = [Part(str(self._sdk() / name), source) for name, source in interpreters.sdk().items()]
        return found + [Part(str(self._debugpy() / name), source) for name, source in interpreters.debugpy().items()]


def _parts(deployment: Deployment, command: Command) -> list[Part]:
    """The file system of a function that is a zip file."""
    temporary = Part("/tmp", options=f"size={deployment.storage}m,mode=1777")
    layers = [Part(OPT, str(deployment.layers))] if deployment.layers else []
    return [*machine()[:-1], temporary, *command.parts, Part(TASK, str(deployment.code)), *layers]


def _sweep(base: Path) -> None:
    """Remove the scratch of processes that are gone."""
    for folder in base.glob("hodei-*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)


async def _started(server: ForkServer) -> ForkServer:
    await server.start()
    return server


def _own_python() -> str:
    import sys

    return sys.executable


def _beside(command: str) -> tuple[Part, ...]:
    """The folder of a program that is not in a place which all programs see."""
    if command.startswith(("/usr/", "/bin/")):
        return ()
    prefix = str(Path(command).parent.parent)
    return (Part(prefix, prefix),)


def _wrapper(deployment: Deployment, env: Mapping[str, str]) -> str:
    """What is to begin the runtime instead, with the runtime as its arguments; only managed runtimes heed it.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
    """
    managed = deployment.container is None and not deployment.runtime.startswith("provided")
    return env.get("AWS_LAMBDA_EXEC_WRAPPER", "") if managed else ""


def _plan(deployment: Deployment, command: Command, program: Program, groups: Sequence[Path]) -> Plan:
    """What runs beside a runtime, which is `program`."""
    cgroups = [str(folder) for folder in groups]
    sandbox = Program(env={}, cwd="/", root=program.root, cgroups=cgroups) if program.root is not None else None
    runtime = replace(program, root=None, cgroups=cgroups)
    opt = deployment.code / "opt" if deployment.container else deployment.layers
    folder = opt / "extensions" if opt else None
    if folder is None or not folder.is_dir():
        return Plan(command.server, command.label, runtime, sandbox)
    env = {name: value for name, value in program.env.items() if name not in OF_THE_RUNTIME}
    inside = f"{OPT}/extensions" if sandbox else str(folder)
    extensions = {
        file.name: replace(runtime, env=env, cwd="/", call="", argv=[f"{inside}/{file.name}"])
        for file in sorted(folder.iterdir())
        if file.is_file()
    }
    return Plan(command.server, command.label, runtime, sandbox, extensions)


def _node_path(runtime: str, task: str, opt: str, own: str, more: Sequence[str]) -> str:
    """Where modules are found: those of layers for this version of Node.js before those for all."""
    generation = runtime.removeprefix("nodejs").removesuffix(".x")
    modules = (f"{opt}/nodejs/node{generation}", f"{opt}/nodejs", own)
    return os.pathsep.join((*(f"{folder}/node_modules" for folder in modules), *more, own, task))


def _standard(deployment: Deployment, stream: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    found = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LD_LIBRARY_PATH": f"{TASK}:{TASK}/lib:{OPT}/lib",
        "LANG": "en_US.UTF-8" if deployment.runtime.startswith("python") else "C.UTF-8",
        "TZ": ":UTC",
        "_HANDLER": deployment.handler,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployment.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": deployment.initialization,
        "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    }
    if deployment.snap_start:
        del found["AWS_LAMBDA_LOG_GROUP_NAME"], found["AWS_LAMBDA_LOG_STREAM_NAME"]
    if deployment.log_format == "JSON":
        found |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": deployment.log_level or "INFO"}
    return found


__all__ = ["CannotStart", "Host", "NoInterpreter"]
