from hodei.kernel.service import Service

s3 = Service("s3")
