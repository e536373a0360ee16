"""aws:s3:bucket-pause-replication: what buckets are to replicate waits until the action ends."""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.services.fis.effects.effect import Effect, Run


class PauseBuckets(Effect):
    async def begin(self, run: Run) -> None:
        import hodei.services.s3.api as s3  # loaded where something is paused

        run.note({"buckets": [[one.account, Arn.parse(one.arn).resource] for one in run.targets]})
        for account, bucket in run.undo["buckets"]:
            s3.pause_replication(
                run.acting(account),
                bucket,
                run.by,
                region=run.parameters["region"],
                destinations=_listed(run, "destinationBuckets"),
                prefixes=_listed(run, "prefixes"),
                until=run.until,
            )

    async def end(self, run: Run) -> None:
        import hodei.services.s3.api as s3

        for account, bucket in run.undo.get("buckets", ()):
            s3.resume_replication(run.ctx.at(account=account), bucket, run.by)


def _listed(run: Run, parameter: str) -> list[str]:
    return [one for one in run.parameters.get(parameter, "").split(",") if one]
