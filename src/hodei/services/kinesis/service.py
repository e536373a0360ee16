from hodei.kernel.service import Service

kinesis = Service("kinesis")
