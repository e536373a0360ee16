"""Logs Insights QL: queries over log events.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html

    query = Query("filter level = 'ERROR' | stats count(*) by bin(5m)", 10_000)
    query.push(rows)                     # lists with the place of an event and what `query.fields` wants of it
    query.finish()                       # [[("bin(5m)", Time(...)), ("count(*)", 3)], ...]
"""

from hodei.engines.insights.clauses import Groups
from hodei.engines.insights.expressions import UNMASKED, walk
from hodei.engines.insights.nested import Nested, Table
from hodei.engines.insights.query import Query
from hodei.engines.insights.values import InvalidQuery, Row, Time, UnsupportedQuery, text

__all__ = [
    "UNMASKED",
    "Groups",
    "InvalidQuery",
    "Nested",
    "Query",
    "Row",
    "Table",
    "Time",
    "UnsupportedQuery",
    "text",
    "walk",
]
