"""The AWS wire protocols, sans-IO, driven by botocore's models. Knows no service by name."""
