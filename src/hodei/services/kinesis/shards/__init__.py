"""Shards: ranges of hash keys, which can be split and merged."""
