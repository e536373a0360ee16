"""Transformers of log events: processors, one after the other, that make a JSON object of a message.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Processors.html

    transform = transformer([{"parseJSON": {}}, {"upperCaseString": {"withKeys": ["user.name"]}}])
    transform('{"user": {"name": "ada"}}')         # '{"user":{"name":"ADA"}}', None for what cannot be parsed
"""

from hodei.engines.logtransform.events import InvalidTransformer
from hodei.engines.logtransform.transformer import UnsupportedProcessor, transformer

__all__ = ["InvalidTransformer", "UnsupportedProcessor", "transformer"]
