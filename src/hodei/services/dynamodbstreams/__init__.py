"""DynamoDB Streams: the changes of tables, read shard by shard. What is written there, and how long it stays, is
DynamoDB's own.

Where it stops: nobody is throttled who reads a shard with more than two readers or asks too often.
"""

from hodei.services.dynamodbstreams import access as access
from hodei.services.dynamodbstreams import iterators as iterators
from hodei.services.dynamodbstreams import records as records
from hodei.services.dynamodbstreams import requests as requests
from hodei.services.dynamodbstreams import streams as streams
