from hodei.kernel.service import Service

ce = Service("ce")
