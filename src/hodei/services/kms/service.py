from hodei.kernel.service import Service

kms = Service("kms")
