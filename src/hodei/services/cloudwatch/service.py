from hodei.kernel.service import Service

cloudwatch = Service("cloudwatch")
