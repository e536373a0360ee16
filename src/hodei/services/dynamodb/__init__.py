"""DynamoDB."""

from hodei.services.dynamodb.backups import backups as backups
from hodei.services.dynamodb.backups import restores as restores
from hodei.services.dynamodb.items import batches as batches
from hodei.services.dynamodb.items import queries as queries
from hodei.services.dynamodb.items import reads as reads
from hodei.services.dynamodb.items import scans as scans
from hodei.services.dynamodb.items import single as single
from hodei.services.dynamodb.items import transactions as transactions
from hodei.services.dynamodb.settings import contributor_insights as contributor_insights
from hodei.services.dynamodb.settings import kinesis as kinesis
from hodei.services.dynamodb.settings import limits as limits
from hodei.services.dynamodb.settings import policies as policies
from hodei.services.dynamodb.settings import recovery as recovery
from hodei.services.dynamodb.settings import tagging as tagging
from hodei.services.dynamodb.settings import ttl as ttl
from hodei.services.dynamodb.tables import lifecycle as lifecycle
from hodei.services.dynamodb.tables import tables as tables
from hodei.services.dynamodb.tables import updates as updates
