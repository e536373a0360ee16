from hodei.kernel.service import Service

s3control = Service("s3control")
