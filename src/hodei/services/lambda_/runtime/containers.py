"""Functions that are container images: what runs of them, in which file system and environment.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hodei.engines.sandbox.launcher import CannotStart, Part
from hodei.services.lambda_.runtime.deployment import Container, Deployment

NOT_HERE = (
    "Container images need a file system of their own, which this machine does not let programs have: "
    "run Hodei as root."
)
BOOTSTRAP = "/var/runtime/bootstrap"  # of an image that says nothing of what runs
FILES = ("/etc/hosts", "/etc/resolv.conf")
OF_ZIP = ("AWS_EXECUTION_ENV", "LAMBDA_RUNTIME_DIR", "LD_LIBRARY_PATH", "_HANDLER")
OF_THE_IMAGE = ("PATH", "LANG", "TZ")  # those that it may set


def container(image: Mapping[str, Any], changed: Mapping[str, Any]) -> Container:
    """Of the configuration of an image, and what a function's ImageConfig changes of it, each member on its own."""
    entry = changed.get("EntryPoint") or image.get("Entrypoint") or []
    command = changed.get("Command") or image.get("Cmd") or []
    variables = (one.partition("=") for one in image.get("Env") or [])
    return Container(
        argv=(*entry, *command) or (BOOTSTRAP,),
        variables={name: value for name, _, value in variables},
        cwd=changed.get("WorkingDirectory") or image.get("WorkingDir") or "/",
    )


def parts(deployment: Deployment, *, isolated: bool) -> list[Part]:
    """The file system: the image, which cannot be written to, and what the machine gives.

    Raises: CannotStart, where programs cannot have a file system of their own.
    """
    if not isolated:
        raise CannotStart(NOT_HERE)
    devices = [Part(path, path) for path in ("/dev", "/sys")]
    names = [Part(path, os.path.realpath(path)) for path in FILES if os.path.isfile(path)]
    temporary = Part("/tmp", options=f"size={deployment.storage}m,mode=1777")
    return [Part("/", str(deployment.code)), *devices, *names, temporary]


def environment(of: Container, standard: Mapping[str, str]) -> dict[str, str]:
    """The variables that Lambda sets of every function, with those of the image."""
    defaults = {name: standard[name] for name in OF_THE_IMAGE}
    fixed = {name: value for name, value in standard.items() if name not in (*OF_ZIP, *OF_THE_IMAGE)}
    return {**defaults, **of.variables, **fixed}
