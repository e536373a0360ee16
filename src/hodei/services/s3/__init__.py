"""S3: general purpose buckets. The operations lie in the noun modules imported here.

Bodies are stored encrypted (SSE-S3, SSE-KMS, DSSE-KMS, SSE-C), in the store up to 64 KiB and as files above. Bucket
policies, ACLs, access points (which S3 Control makes) and public access blocks decide. The key s3:TlsVersion is in no
request.
"""

from hodei.services.s3 import decorate as decorate
from hodei.services.s3 import violations as violations
from hodei.services.s3.access import denials as denials
from hodei.services.s3.access import keys as keys
from hodei.services.s3.access import needs as needs
from hodei.services.s3.access import owners as owners
from hodei.services.s3.buckets import acls as acls
from hodei.services.s3.buckets import bucket_operations as bucket_operations
from hodei.services.s3.buckets import policies as policies
from hodei.services.s3.buckets import public_access as public_access
from hodei.services.s3.buckets import reports as reports
from hodei.services.s3.buckets import settings as settings
from hodei.services.s3.buckets import versioning as versioning
from hodei.services.s3.content import integrity as integrity
from hodei.services.s3.management import lifecycle as lifecycle
from hodei.services.s3.management import lock as lock
from hodei.services.s3.management import notification_rules as notification_rules
from hodei.services.s3.management import replication as replication
from hodei.services.s3.management import storage as storage
from hodei.services.s3.objects import attributes as attributes
from hodei.services.s3.objects import copies as copies
from hodei.services.s3.objects import listing as listing
from hodei.services.s3.objects import multipart as multipart
from hodei.services.s3.objects import objects as objects
from hodei.services.s3.objects import parts as parts
from hodei.services.s3.objects import reencryption as reencryption
from hodei.services.s3.objects import tagging as tagging
from hodei.services.s3.web import cors as cors
from hodei.services.s3.web import post as post
from hodei.services.s3.web import presigned as presigned
from hodei.services.s3.web import website as website
