from hodei.kernel.service import Service

secretsmanager = Service("secretsmanager")
