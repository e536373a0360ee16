"""Throughput that has an end: provisioned and on-demand capacity, partitions, items held by transactions.

Enforced where the settings `throttling` and `transaction-seconds` ask for it; without them nothing is ever throttled.
"""
