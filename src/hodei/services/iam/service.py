from hodei.kernel.service import Service

iam = Service("iam")
