"""What the actions do."""

from hodei.services.fis.effects.buckets import PauseBuckets
from hodei.services.fis.effects.effect import Effect
from hodei.services.fis.effects.injection import InternalError, ThrottleError, UnavailableError
from hodei.services.fis.effects.tables import PauseTables

EFFECTS = {
    "aws:fis:inject-api-internal-error": InternalError(),
    "aws:fis:inject-api-throttle-error": ThrottleError(),
    "aws:fis:inject-api-unavailable-error": UnavailableError(),
    "aws:fis:wait": Effect(),
    "aws:dynamodb:global-table-pause-replication": PauseTables(),
    "aws:s3:bucket-pause-replication": PauseBuckets(),
}


def of(action: str) -> Effect:
    return EFFECTS[action]
