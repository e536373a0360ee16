"""DynamoDB: tables and their indexes, items, backups, recovery to a point in time, time to live, global tables.

Where it stops: Contributor Insights are switched on and off, but nothing is reported to CloudWatch; global tables have
one account and are not strongly consistent (MRSC), those of version 2017.11.29 scale by Application Auto Scaling's own
operations alone; no vector indexes.
"""

from hodei.services.dynamodb import access as access
from hodei.services.dynamodb import gauges as gauges
from hodei.services.dynamodb import latency as latency
from hodei.services.dynamodb import requests as requests
from hodei.services.dynamodb.backups import backups as backups
from hodei.services.dynamodb.backups import restores as restores
from hodei.services.dynamodb.encryption import watching as watching
from hodei.services.dynamodb.items import batches as batches
from hodei.services.dynamodb.items import queries as queries
from hodei.services.dynamodb.items import reads as reads
from hodei.services.dynamodb.items import scans as scans
from hodei.services.dynamodb.items import single as single
from hodei.services.dynamodb.items import transactions as transactions
from hodei.services.dynamodb.partiql import executing as executing
from hodei.services.dynamodb.replication import autoscaling as autoscaling
from hodei.services.dynamodb.replication import legacy as legacy
from hodei.services.dynamodb.replication import legacy_settings as legacy_settings
from hodei.services.dynamodb.settings import contributor_insights as contributor_insights
from hodei.services.dynamodb.settings import kinesis as kinesis
from hodei.services.dynamodb.settings import limits as limits
from hodei.services.dynamodb.settings import policies as policies
from hodei.services.dynamodb.settings import recovery as recovery
from hodei.services.dynamodb.settings import tagging as tagging
from hodei.services.dynamodb.settings import ttl as ttl
from hodei.services.dynamodb.streams import destinations as destinations
from hodei.services.dynamodb.streams import writing as writing
from hodei.services.dynamodb.tables import lifecycle as lifecycle
from hodei.services.dynamodb.tables import tables as tables
from hodei.services.dynamodb.tables import updates as updates
from hodei.services.dynamodb.transfer import exporting as exporting
from hodei.services.dynamodb.transfer import exports as exports
from hodei.services.dynamodb.transfer import imports as imports
