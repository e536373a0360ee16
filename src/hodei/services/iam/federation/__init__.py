from hodei.services.iam.federation import oidc_clients, oidc_providers, outbound, saml_providers

__all__ = ["oidc_clients", "oidc_providers", "outbound", "saml_providers"]
