"""DynamoDB."""

from hodei.services.dynamodb.settings import policies as policies
from hodei.services.dynamodb.settings import tagging as tagging
from hodei.services.dynamodb.tables import lifecycle as lifecycle
from hodei.services.dynamodb.tables import tables as tables
from hodei.services.dynamodb.tables import updates as updates
