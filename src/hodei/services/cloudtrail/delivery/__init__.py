"""Log files and their digests, put into buckets every five minutes and every hour of the cloud's time."""
