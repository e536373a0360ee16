"""Enhanced fan-out: consumers that have a throughput of their own, to which records are pushed."""
