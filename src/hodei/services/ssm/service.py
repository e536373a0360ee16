from hodei.kernel.service import Service

ssm = Service("ssm")
