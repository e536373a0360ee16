from hodei.kernel.service import Service

sts = Service("sts")
