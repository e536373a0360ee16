"""Durable functions: executions that checkpoint what they have done, wait without running, and are replayed.

https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
Not there, and refused: customers' KMS keys for the data of executions, tenants. Trace headers are not handed on.
"""
