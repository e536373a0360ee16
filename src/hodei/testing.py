"""Hodei inside a test: the whole cloud in the test's own process, with no socket.

from hodei.testing import Cloud

with Cloud() as cloud:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="photos")
    cloud.clock.advance(days=1)
"""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from hodei.inprocess import Runner, aiobotocore_sender, botocore_sender, httpx_transport
from hodei.kernel.datadir import DataDir
from hodei.kernel.faults import Fault
from hodei.kernel.ledger import Line
from hodei.kernel.limits import Mode, SetLimit
from hodei.protocol.http import Request, Response

ACCOUNT = "000000000000"
REGION = "us-east-1"


class CloudClock:
    """The cloud's time, as a test turns it."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._runner.world.clock.now(), UTC)

    def advance(self, **duration: float) -> None:
        """Move time forward by `timedelta(**duration)`: all that falls due meanwhile has happened on return."""
        self._runner.call(self._runner.world.advance, timedelta(**duration).total_seconds())

    def freeze(self) -> None:
        self.run(0)

    def resume(self) -> None:
        self.run(1)

    def run(self, rate: float) -> None:
        """Let time run `rate` times as fast as outside."""
        self._runner.call(self._runner.world.set_rate, rate)


class CloudBill:
    """What AWS would bill for all that has been used since the cloud began, at its list prices in USD.

    `only` are attributes of lines: `service="sqs"`, `account`, `region`, `usage_type`, `operation`, `resource`.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def lines(self, **only: str) -> list[Line]:
        """Each usage of each resource in each hour."""
        found: list[Line] = self._runner.call(self._runner.world.ledger.bill)
        return [line for line in found if all(getattr(line, name) == value for name, value in only.items())]

    def total(self, **only: str) -> float:
        return math.fsum(line.cost for line in self.lines(**only))


class Cloud:
    """An isolated cloud. In memory unless `directory` is given; `seed` makes ids and chances of a new one the same."""

    def __init__(self, *, seed: int | None = 0, directory: Path | None = None) -> None:
        self._seed = seed
        self._directory = directory
        self.url = "http://localhost:4566"

    def __enter__(self) -> Cloud:
        self._datadir = DataDir.open(self._directory) if self._directory else None
        self._runner = Runner(self._datadir, seed=self._seed, url=self.url)
        self.world = self._runner.world
        self.clock = CloudClock(self._runner)
        self.bill = CloudBill(self._runner)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._runner.close()
        if self._datadir:
            self._datadir.close()

    def client(self, service: str, *, account: str = ACCOUNT, region_name: str = REGION, **options: Any) -> Any:
        """A boto3 client whose requests are answered in this process."""
        client = _session().client(service, **self._options(account, region_name, options))
        client.meta.events.register("before-send", botocore_sender(self._runner))
        return client

    def resource(self, service: str, *, account: str = ACCOUNT, region_name: str = REGION, **options: Any) -> Any:
        """A boto3 resource whose requests are answered in this process."""
        resource = _session().resource(service, **self._options(account, region_name, options))
        resource.meta.client.meta.events.register("before-send", botocore_sender(self._runner))
        return resource

    def aio_client(self, service: str, *, account: str = ACCOUNT, region_name: str = REGION, **options: Any) -> Any:
        """An aiobotocore client: `async with cloud.aio_client("s3") as s3: ...`."""
        from aiobotocore.session import get_session

        session = get_session()
        session.get_component("event_emitter").register("before-send", aiobotocore_sender(self._runner))
        return session.create_client(service, **self._options(account, region_name, options))

    def transport(self) -> Any:
        """An httpx transport: `httpx.Client(transport=cloud.transport(), base_url=cloud.url)`."""
        return httpx_transport(self._runner)

    def send(self, request: Request) -> Response:
        """Answer one HTTP request; for tests of what no SDK sends. A streamed body is read whole."""

        async def answer() -> Response:
            response = await self._runner.answer(request)
            if not isinstance(response.body, bytes):
                response.body = b"".join([part async for part in response.body])
            return response

        return self._runner.submit(answer()).result()

    def settle(self) -> None:
        """Wait until background work (deliveries, replication) that is due now has been done."""
        self._runner.call(self.world.agenda.settle)

    def set(self, service: str, setting: str, value: Any) -> None:
        """Change a setting of a service, as `hodei config` does."""
        self._runner.call(self.world.settings.set, service, setting, value)

    def quota(self, service: str, key: str, value: float, *, account: str = ACCOUNT, region: str = REGION) -> None:
        """Raise or lower a quota of a service."""
        self._runner.call(self.world.set_quota, account, region, service, key, value)

    def fault(self, *, lasts: float | None = None, **what: Any) -> Fault:
        """Let calls fail for `lasts` seconds: the fields of `Fault`, as `service="sqs", error="SlowDown", rate=0.2`."""
        added: Fault = self._runner.call(lambda: self.world.faults.add(Fault(**what), lasts=lasts))
        return added

    def faults(self) -> list[Fault]:
        """Those there are, with how often each has struck."""
        found: list[Fault] = self._runner.call(self.world.faults.listed)
        return found

    def clear_faults(self) -> None:
        self._runner.call(self.world.faults.clear)

    def limits(self, mode: Mode) -> None:
        """Turn AWS's documented request rates on ("aws") or off."""
        self._runner.call(self.world.limits.turn, mode)

    def limit(self, service: str, operation: str, rate: float, burst: float = 0, **place: str) -> None:
        """Let an operation ("*": all) be called `rate` times a second, `burst` at once (else a second's worth); of each
        account and region, or only of `account` and `region`."""
        limit = SetLimit(service=service, operation=operation, rate=rate, burst=burst or max(rate, 1.0), **place)
        self._runner.call(self.world.limits.set, limit)

    def save(self, name: str) -> None:
        self._runner.call(self.world.save, name)

    def load(self, name: str) -> None:
        self._runner.call(self.world.load, name)

    def reset(self, account: str | None = None) -> None:
        self._runner.call(self.world.reset, account)

    def _options(self, account: str, region: str, options: dict[str, Any]) -> dict[str, Any]:
        defaults = {
            "region_name": region,
            "endpoint_url": self.url,
            "aws_access_key_id": account,
            "aws_secret_access_key": "test",
        }
        return defaults | options


@functools.cache
def _session() -> Any:
    """One boto3 session for all clouds: it keeps the models it has loaded."""
    import boto3

    return boto3.Session()
