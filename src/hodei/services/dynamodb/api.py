"""What other services use of DynamoDB: its streams, to be read, and what all its requests have in common."""

from hodei.services.dynamodb.access import policy_of as policy_of
from hodei.services.dynamodb.requests import MissingAuthenticationToken as MissingAuthenticationToken
from hodei.services.dynamodb.requests import decorate as decorate
from hodei.services.dynamodb.streams.lifecycle import horizon as horizon
from hodei.services.dynamodb.streams.lifecycle import status as status
from hodei.services.dynamodb.streams.numbers import of_sequence as of_sequence
from hodei.services.dynamodb.streams.numbers import of_time as of_time
from hodei.services.dynamodb.streams.numbers import sequence_number as sequence_number
from hodei.services.dynamodb.streams.numbers import time_of as time_of
from hodei.services.dynamodb.streams.reading import arn_of as arn_of
from hodei.services.dynamodb.streams.reading import at_home as at_home
from hodei.services.dynamodb.streams.reading import channel as channel
from hodei.services.dynamodb.streams.reading import end_of as end_of
from hodei.services.dynamodb.streams.reading import names_in as names_in
from hodei.services.dynamodb.streams.reading import page as page
from hodei.services.dynamodb.streams.reading import shard_of as shard_of
from hodei.services.dynamodb.streams.reading import shards_of as shards_of
from hodei.services.dynamodb.streams.reading import streams_after as streams_after
from hodei.services.dynamodb.streams.reading import wait as wait
from hodei.services.dynamodb.streams.state import Shard as Shard
from hodei.services.dynamodb.streams.state import Stream as Stream
from hodei.services.dynamodb.streams.state import StreamRecord as StreamRecord
from hodei.services.dynamodb.streams.state import streams as streams
from hodei.services.dynamodb.tables.describe import key_schema as key_schema
