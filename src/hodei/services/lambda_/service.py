from hodei.kernel.service import Service

lambda_ = Service("lambda")
