from hodei.kernel.service import Service

sqs = Service("sqs")
