"""A fork server: one thread, one loop, and all that programs need loaded before anybody asks for them.

It is run by path, under whichever Python (3.9 or newer) the programs are for, and imports nothing but the standard
library and what it is told to preload. `launcher.py` talks to it, over a datagram socket:

    {"id": "e1", "argv": ["/usr/bin/node", "x.js"]   or   "call": "module:function",
     "env": {...}, "cwd": "/var/task", "limits": {"NOFILE": 1024}, "cgroups": ["/sys/fs/cgroup/..."], "uid": 993,
     "at": "/data/root", "root": [["/usr", "/usr", "ro"], ["/data/code", "/var/task", "ro"], ["", "/tmp", "size=512m"]]}

comes with the descriptors of stdin, stdout and stderr. `root` is the file system that the program sees: what lies where
in it (source, target, options; "" is a tmpfs), put together over the directory `at`. With it the program has a process
tree of its own too, of which nothing is left when it ends. Without `argv` and `call` it is that tree and nothing else:
programs are started in it ({"inside": "e1", ...} instead of `root`), and end with it at the latest.

The answers are {"id", "pid"}, then {"exits": {"e1": 0}} (128 and the signal's number, if that ended it), for all that
have ended since the last one; {"id", "error"} if it was not started. {"signals": [[9, "e1"]]} sends signals.

When the other end of its lifeline closes, however that comes, the server ends after all that it has started.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from typing import Any, Callable, NoReturn  # noqa: UP035  # for old Pythons

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 1 << 17, 1 << 26, 1 << 27, 1 << 28, 1 << 29
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 1 << 5, 1 << 12, 1 << 14, 1 << 18
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
LARGEST = 1 << 18  # bytes of a message
MARK = "HODEI_SANDBOX"  # in the environment of programs without a process tree of their own: whose they are

Spec = dict[str, Any]  # a message
libc = ctypes.CDLL(None, use_errno=True)


def system(call: str, *arguments: Any) -> None:
    """Raises: OSError."""
    if getattr(libc, call)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{call}: {os.strerror(error)}")


class Server:
    def __init__(self, asked: socket.socket, lifeline: int) -> None:
        self.asked = asked
        self.lifeline = lifeline
        self.started: dict[int, str] = {}  # process -> id
        self.loose: set[int] = set()  # those without a process tree
        self.trees: dict[str, tuple[int, int]] = {}  # id -> its first process, and a pipe that ends when it is there
        self.tree = os.open("/proc/self/ns/pid", os.O_RDONLY) if os.path.exists("/proc/self/ns/pid") else -1

    def serve(self) -> NoReturn:
        wake, awake = os.pipe()
        for end in (wake, awake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(awake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([self.asked.fileno(), self.lifeline, wake], [], [])
            if self.lifeline in ready:
                self.end()
            if wake in ready:
                os.read(wake, 4096)
                self.reap()
            if self.asked.fileno() in ready:
                self.take()

    def take(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self.asked, LARGEST, 3)
        spec = json.loads(data)
        if "signals" in spec:
            self.signal(spec["signals"])
            return
        try:
            pid = self.start(spec, descriptors)
            self.started[pid] = spec["id"]
            self.tell({"id": spec["id"], "pid": pid})
        except OSError as error:
            self.tell({"id": spec["id"], "error": str(error)})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def signal(self, signals: list[tuple[int, str]]) -> None:
        pids = {id: pid for pid, id in self.started.items()}
        for number, id in signals:
            if id in pids:
                os.kill(pids[id], number)  # what a killed one has started follows when it is buried

    def tell(self, message: Spec) -> None:
        self.asked.send(json.dumps(message).encode())

    def start(self, spec: Spec, descriptors: list[int]) -> int:
        if "inside" in spec:
            return self.start_inside(spec, descriptors)
        if "root" not in spec:
            pid = self.fork(lambda: run(spec, descriptors))
            self.loose.add(pid)
            return pid
        system("setns", self.tree, CLONE_NEWPID)  # who may not come back must not leave: a user namespace is not enough
        there, building = os.pipe()
        system("unshare", CLONE_NEWPID)  # whoever is forked next is the first process of a new tree
        try:
            pid = self.fork(lambda: be_first(spec, descriptors, building))
        finally:
            system("setns", self.tree, CLONE_NEWPID)
            os.close(building)
        self.trees[spec["id"]] = pid, there
        return pid

    def start_inside(self, spec: Spec, descriptors: list[int]) -> int:
        if spec["inside"] not in self.trees:
            raise ProcessLookupError(errno.ESRCH, "its process tree has ended")
        first, there = self.trees[spec["inside"]]
        tree = os.open(f"/proc/{first}/ns/pid", os.O_RDONLY)
        try:
            system("setns", tree, CLONE_NEWPID)
            return self.fork(lambda: be_inside(spec, descriptors, first, there))
        finally:
            system("setns", self.tree, CLONE_NEWPID)
            os.close(tree)

    def fork(self, work: Callable[[], None]) -> int:
        if pid := os.fork():
            return pid
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            self.asked.close()
            os.close(self.lifeline)
            work()
        except BaseException:
            traceback.print_exc()
        os._exit(1)

    def reap(self) -> None:
        exits = {}
        while self.started:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if id := self.started.pop(pid, ""):
                if id in self.trees:
                    os.close(self.trees.pop(id)[1])
                if pid in self.loose:
                    self.loose.remove(pid)
                    kill_rest(pid)
                exits[id] = code(status)
        if exits:
            self.tell({"exits": exits})

    def end(self) -> NoReturn:
        for pid in self.started:
            os.kill(pid, signal.SIGKILL)
            if pid in self.loose:
                kill_rest(pid)
        while self.started:
            self.started.pop(os.wait()[0], None)
        os._exit(0)


def code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def kill_rest(pid: int) -> None:
    """What a program has left behind that had no process tree of its own."""
    quiet = 0
    while quiet < 3:  # a process that is just being made or becomes another program shows no environment
        quiet = 0 if kill_marked(f"{MARK}={pid}".encode()) else quiet + 1
        time.sleep(0.003)


def kill_marked(mark: bytes) -> int:
    found = 0
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if name.isdigit() and mark in file.read().split(b"\0"):
                    os.kill(int(name), signal.SIGKILL)
                    found += 1
        except OSError:  # somebody else's, or gone
            continue
    return found


# in the new process


def be_first(spec: Spec, descriptors: list[int], building: int) -> None:
    """The first process of a tree: it puts the file system together, starts the program, and buries the dead."""
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    join(spec)
    system("unshare", CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)
    build(spec["at"], spec["root"])
    os.close(building)
    if "argv" not in spec and "call" not in spec:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            signal.pause()
    program = os.fork()
    if program == 0:
        run(spec, descriptors)
    for descriptor in (0, 1, 2, *descriptors):
        os.close(descriptor)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == program:
            os._exit(code(status))


def be_inside(spec: Spec, descriptors: list[int], first: int, there: int) -> NoReturn:
    """A program in the tree of another process, as soon as that has its file system."""
    join(spec)
    os.read(there, 1)
    for name, kind in (("ipc", CLONE_NEWIPC), ("uts", CLONE_NEWUTS), ("mnt", CLONE_NEWNS)):
        space = os.open(f"/proc/{first}/ns/{name}", os.O_RDONLY)
        system("setns", space, kind)
    os.chroot(spec["at"])
    run(spec, descriptors)


def join(spec: Spec) -> None:
    for group in spec.get("cgroups", ()):
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write("0")


def build(at: str, parts: list[list[str]]) -> None:
    """Go into a file system made of parts of this one."""
    mount("", "/", flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", at, "tmpfs", MS_NOSUID, "mode=755")
    for source, target, options in parts:
        place = at + target
        if source and not os.path.isdir(source):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if not os.path.exists(place):
                os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        else:
            os.makedirs(place, exist_ok=True)
        if not source:
            mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, options)
            continue
        mount(source, place, flags=MS_BIND | MS_REC)
        if options == "ro":
            mount("", place, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
    os.makedirs(f"{at}/proc", exist_ok=True)
    mount("proc", f"{at}/proc", "proc", MS_NOSUID | MS_NODEV)
    mount("", at, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
    os.chroot(at)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    texts = [text.encode() if text else None for text in (source, target, kind, options)]
    system("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def run(spec: Spec, descriptors: list[int]) -> NoReturn:
    """Become the program."""
    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.closerange(3, 4096)
    env = dict(spec["env"])
    if "at" not in spec:
        join(spec)
        env[MARK] = str(os.getpid())
        if hasattr(libc, "prctl"):
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for name, limit in spec.get("limits", {}).items():
        hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
    try:
        os.chdir(spec["cwd"])
    except OSError as error:
        cannot(spec["cwd"], error)
    if spec.get("uid"):
        os.setgroups([])
        os.setgid(spec["uid"])
        os.setuid(spec["uid"])
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if "argv" in spec:
        try:
            os.execvpe(spec["argv"][0], spec["argv"], env)
        except OSError as error:
            cannot(spec["argv"][0], error)
    os.environ.clear()
    os.environ.update(env)
    module, _, function = spec["call"].partition(":")
    try:
        getattr(importlib.import_module(module), function)()
    except SystemExit as end:
        flush()
        os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
    except BaseException:
        traceback.print_exc()
        flush()
        os._exit(1)
    flush()
    os._exit(0)


def cannot(name: str, error: OSError) -> NoReturn:
    """Neither run nor enter that, as a shell says it."""
    sys.stderr.write(f"{name}: {error.strerror}\n")
    flush()
    os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue


def own_users() -> None:
    """Without being root, be it among ourselves: in a user namespace, where the machine lets us."""
    uid, gid = os.getuid(), os.getgid()
    try:
        system("unshare", CLONE_NEWUSER)
    except (OSError, AttributeError):
        return
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def main() -> None:
    asked, lifeline, *preload = sys.argv[1:]
    for module in preload:
        importlib.import_module(module)
    if os.geteuid() != 0:
        own_users()
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    gc.collect()
    gc.freeze()  # what is loaded is shared: a collection would copy its pages
    Server(socket.socket(fileno=int(asked)), int(lifeline)).serve()


if __name__ == "__main__":
    main()
