from hodei.kernel.service import Service

dynamodbstreams = Service("dynamodbstreams")
