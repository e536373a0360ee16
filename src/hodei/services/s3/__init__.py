"""S3: general purpose buckets. The operations lie in the noun modules imported here.

Bodies are stored encrypted, in the store up to 64 KiB and as files above.
"""

from hodei.services.s3 import buckets as buckets
from hodei.services.s3 import cors as cors
from hodei.services.s3 import decorate as decorate
from hodei.services.s3 import listing as listing
from hodei.services.s3 import objects as objects
from hodei.services.s3 import presigned as presigned
from hodei.services.s3 import violations as violations
