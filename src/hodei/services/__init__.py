"""One folder a service, named after botocore's service id."""
