"""`hodei lambda`: debug functions of a running cloud."""

from __future__ import annotations

import argparse

from hodei.cli_client import ask


def debug(options: argparse.Namespace) -> None:
    given = {"function": options.function, "port": options.port, "wait": options.wait, "off": options.off}
    place = {"account": options.account, "region": options.region}
    found = ask(options.url, "POST", "/_hodei/services/lambda/debug", {"given": given, **place})
    if options.off:
        print(f"{found['function']} is not debugged any more")
        return
    print(f"{found['function']} listens for a debugger ({found['debugger']}) at {found['host']}:{found['port']}")
    begins = "waits for it" if options.wait else "listens"
    print(f"It {begins} from its next invoke on and never times out. Its files are those of /var/task there.")
