"""Channels: delivery of an on-demand stream to a general purpose bucket.

https://docs.aws.amazon.com/streams/latest/dev/data-delivery-s3-about.html
"""
