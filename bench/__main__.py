"""make bench: Hodei and its peers, in turns in one run, as ratios.

Absolute figures depend on the machine; ratios hold. CPU time is the server's alone; the client is this process.
"""

from __future__ import annotations

import argparse

from bench.client import Client
from bench.servers import Server, servers
from bench.workloads import FILL, WORKLOADS, Result, Workload, measure

TURNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--servers", default="hodei,ministack,moto,dynalite")
    parser.add_argument("--only", default="", help="workloads whose names contain this")
    parser.add_argument(
        "--objects", type=int, default=1_000_000, help="in the bucket that is listed, the table that is scanned"
    )
    parser.add_argument("--fill-seconds", type=float, default=120, help="to fill it, a server")
    options = parser.parse_args()
    running = servers(options.servers.split(","))
    starts = {}
    try:
        for server in running:
            starts[server.name] = server.start()
        report_start(running, starts)
        report_workloads(running, options)
    finally:
        for server in running:
            if server.process:
                server.stop()


def report_start(running: list[Server], starts: dict[str, float]) -> None:
    for server in running:
        print(f"{server.name:10}  first answer {starts[server.name] * 1000:7.0f} ms   idle {server.memory():6.0f} MB")


def report_workloads(running: list[Server], options: argparse.Namespace) -> None:
    print(f"\n{'workload':22} {'server':10} {'cpu/request':>12} {'ratio':>7} {'p50':>9} {'p99':>9}   (ms a request)")
    clients = {server.name: Client(server) for server in running}
    for workload in WORKLOADS:
        if options.only.lower() not in workload.name.lower():
            continue
        able = [server for server in running if server.serves(workload.name)]
        if filling := FILL.get(workload.name):
            for server in able:
                count = filling(clients[server.name], options.objects, options.fill_seconds)
                print(f"{'  (of)':22} {server.name:10} {count:>12,} there, {server.memory():.0f} MB")
        report(workload, run(workload, able, clients))


def run(workload: Workload, running: list[Server], clients: dict[str, Client]) -> dict[str, Result | str]:
    """All servers in turns, so that what else the machine does falls on all alike."""
    results: dict[str, Result | str] = {server.name: Result() for server in running}
    calls = {}
    for turn in range(1 if workload.count == 1 else TURNS):
        for server in running:
            result = results[server.name]
            if isinstance(result, str):
                continue
            try:
                if turn == 0:
                    clients[server.name].connection.close()
                    calls[server.name] = workload.calls(clients[server.name])
                measure(clients[server.name], calls[server.name], workload, result)
            except Exception as error:
                results[server.name] = f"failed: {error!s:.100}"
                clients[server.name] = Client(server)
    return results


def report(workload: Workload, results: dict[str, Result | str]) -> None:
    ours = results.get("hodei")
    for name, result in results.items():
        if isinstance(result, str):
            print(f"{workload.name:22} {name:10} {result}")
            continue
        each = result.cpu / result.requests
        ratio = each / (ours.cpu / ours.requests) if isinstance(ours, Result) and ours.cpu else float("nan")
        p50, p99 = result.percentile(0.5), result.percentile(0.99)
        print(f"{workload.name:22} {name:10} {each:9.0f} us {ratio:6.1f}x {p50:9.2f} {p99:9.2f}", flush=True)


if __name__ == "__main__":
    main()
