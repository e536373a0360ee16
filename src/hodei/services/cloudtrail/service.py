from hodei.kernel.service import Service

cloudtrail = Service("cloudtrail")
