from hodei.kernel.service import Service

dynamodb = Service("dynamodb")
