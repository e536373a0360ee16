"""What S3 bills: requests, data that goes out, storage by class, and what is deleted too early; its metrics."""

from hodei.services.s3.billing import gauges as gauges
from hodei.services.s3.billing import requests as requests
