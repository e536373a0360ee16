"""Tables written to S3 and read from it: exports and imports, and the formats that both know."""
