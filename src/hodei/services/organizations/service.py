from hodei.kernel.service import Service

organizations = Service("organizations")
