"""The APIs that the programs of an environment ask: Runtime, Extensions, Telemetry and Logs."""
