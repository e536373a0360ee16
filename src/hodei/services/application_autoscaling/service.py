from hodei.kernel.service import Service

application_autoscaling = Service("application-autoscaling")
