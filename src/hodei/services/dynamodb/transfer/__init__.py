"""Tables written to S3 and read from it: exports and imports, and the formats that both know.

Where it stops: what an import refuses is counted, not logged (CloudWatch Logs).
"""
