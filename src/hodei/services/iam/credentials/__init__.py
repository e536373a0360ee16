from hodei.services.iam.credentials import (
    access_keys,
    login_profiles,
    mfa_devices,
    mfa_tags,
    password_policy,
    server_certificates,
    service_specific,
    signing_certificates,
    ssh_keys,
)

__all__ = [
    "access_keys",
    "login_profiles",
    "mfa_devices",
    "mfa_tags",
    "password_policy",
    "server_certificates",
    "service_specific",
    "signing_certificates",
    "ssh_keys",
]
