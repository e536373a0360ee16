from hodei.kernel.service import Service

service_quotas = Service("service-quotas")
