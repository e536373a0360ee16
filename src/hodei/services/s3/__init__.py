"""S3: general purpose buckets. The operations lie in the noun modules imported here.

Bodies are stored encrypted, in the store up to 64 KiB and as files above.
"""

from hodei.services.s3 import acls as acls
from hodei.services.s3 import attributes as attributes
from hodei.services.s3 import bucket_operations as bucket_operations
from hodei.services.s3 import copies as copies
from hodei.services.s3 import cors as cors
from hodei.services.s3 import decorate as decorate
from hodei.services.s3 import integrity as integrity
from hodei.services.s3 import lifecycle as lifecycle
from hodei.services.s3 import listing as listing
from hodei.services.s3 import lock as lock
from hodei.services.s3 import multipart as multipart
from hodei.services.s3 import notification_rules as notification_rules
from hodei.services.s3 import objects as objects
from hodei.services.s3 import parts as parts
from hodei.services.s3 import policies as policies
from hodei.services.s3 import post as post
from hodei.services.s3 import presigned as presigned
from hodei.services.s3 import replication as replication
from hodei.services.s3 import reports as reports
from hodei.services.s3 import settings as settings
from hodei.services.s3 import storage as storage
from hodei.services.s3 import tagging as tagging
from hodei.services.s3 import violations as violations
from hodei.services.s3 import website as website
