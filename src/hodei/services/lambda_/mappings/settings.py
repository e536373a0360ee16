"""What an event source mapping can be set to, by its kind of source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import rules
from hodei.services.lambda_.mappings import filters
from hodei.services.lambda_.mappings.sources import Kind
from hodei.services.lambda_.state import Wire

MOST_OF_FIFO = 10
UNWINDOWED = 10  # messages of a batch for which nothing has to be waited for
DESTINATIONS = ("sqs", "sns", "s3")
LEAST_AGE = 60  # seconds


class Settings(TypedDict, total=False):
    """What both CreateEventSourceMapping and UpdateEventSourceMapping take."""

    BatchSize: int
    FilterCriteria: Wire
    KMSKeyArn: str
    MetricsConfig: Wire
    LoggingConfig: Wire
    ScalingConfig: Wire
    MaximumBatchingWindowInSeconds: int
    ParallelizationFactor: int
    DestinationConfig: Wire
    MaximumRecordAgeInSeconds: int
    BisectBatchOnFunctionError: bool
    MaximumRetryAttempts: int
    TumblingWindowInSeconds: int
    FunctionResponseTypes: Sequence[str]
    ProvisionedPollerConfig: Wire
    SourceAccessConfigurations: Sequence[Wire]
    AmazonManagedKafkaEventSourceConfig: Wire
    SelfManagedKafkaEventSourceConfig: Wire
    DocumentDBEventSourceConfig: Wire


OF_OTHERS = (
    "AmazonManagedKafkaEventSourceConfig", "DocumentDBEventSourceConfig", "LoggingConfig",
    "SelfManagedKafkaEventSourceConfig", "SourceAccessConfigurations",
)  # fmt: skip
OF_STREAMS = (
    "BisectBatchOnFunctionError", "DestinationConfig", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
    "ParallelizationFactor", "TumblingWindowInSeconds",
)  # fmt: skip
OF_QUEUES = ("ScalingConfig", "ProvisionedPollerConfig")
REMOVED_IF_EMPTY = ("FilterCriteria", "KMSKeyArn", "MetricsConfig", "ScalingConfig", "ProvisionedPollerConfig")


def defaults(kind: Kind) -> dict[str, Any]:
    """What is told of a mapping of which nothing was said."""
    shared = {"BatchSize": kind.batch, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []}
    if not kind.stream:
        return shared
    return {
        **shared,
        "ParallelizationFactor": 1,
        "DestinationConfig": {"OnFailure": {}},
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False,
        "MaximumRetryAttempts": -1,
        "TumblingWindowInSeconds": 0,
    }


def applied(kind: Kind, source: str, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with what is given of them changed. Raises: InvalidParameterValueException."""
    unsupported = (*OF_OTHERS, *(OF_QUEUES if kind.stream else OF_STREAMS))
    if wrong := [name for name in unsupported if given.get(name)]:
        raise rules.invalid(f"Unsupported parameter for the event source: {', '.join(wrong)}")
    settings = {**before, **{name: _plain(value) for name, value in given.items() if name not in unsupported}}
    for name, check in CHECKS.items():
        if name in given:
            check(given[name])
    _check_batches(kind, source, settings)
    if settings.get("ScalingConfig") and settings.get("ProvisionedPollerConfig"):
        raise rules.invalid("ScalingConfig and ProvisionedPollerConfig cannot be used together.")
    if settings.get("KMSKeyArn") and not settings.get("FilterCriteria"):
        raise rules.invalid("KMSKeyArn can only be used with FilterCriteria.")
    if kind.stream:
        settings["DestinationConfig"] = {"OnFailure": {}, **settings["DestinationConfig"]}
    return {name: value for name, value in settings.items() if value or name not in REMOVED_IF_EMPTY}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value


def _check_batches(kind: Kind, source: str, settings: Mapping[str, Any]) -> None:
    size, window = settings["BatchSize"], settings["MaximumBatchingWindowInSeconds"]
    if kind.stream:
        if settings["TumblingWindowInSeconds"] and settings["ParallelizationFactor"] > 1:
            raise rules.invalid("Tumbling windows are not supported with a parallelization factor greater than 1.")
        return
    if source.endswith(".fifo"):
        if window:
            raise rules.invalid("Batching window is not supported for FIFO queues")
        if size > MOST_OF_FIFO:
            raise _too_many(size)
    elif size > UNWINDOWED and not window:
        raise rules.invalid(
            f"Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than {UNWINDOWED}"
        )


def _too_many(size: int) -> AwsError:
    return rules.invalid(
        f"1 validation error detected: Value '{size}' at 'batchSize' failed to satisfy constraint: Member must have "
        f"value less than or equal to {MOST_OF_FIFO}"
    )


def _check_age(age: int) -> None:
    if -1 < age < LEAST_AGE:
        raise rules.invalid(f"MaximumRecordAgeInSeconds must be -1 or at least {LEAST_AGE}.")


def _check_destination(config: Wire) -> None:
    if config.get("OnSuccess", {}).get("Destination"):
        raise rules.invalid("OnSuccess destinations are not supported for event source mappings.")
    arn = config.get("OnFailure", {}).get("Destination", "")
    if arn and arn.split(":")[2:3] and arn.split(":")[2] not in DESTINATIONS:
        raise rules.invalid(f"The destination ARN {arn} is invalid.")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "FilterCriteria": filters.check,
    "MaximumRecordAgeInSeconds": _check_age,
    "DestinationConfig": _check_destination,
}
