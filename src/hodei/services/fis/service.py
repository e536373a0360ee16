from hodei.kernel.service import Service

fis = Service("fis")
