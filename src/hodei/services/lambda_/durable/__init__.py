"""Durable functions: executions that checkpoint what they have done, wait without running, and are replayed.

https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
"""
