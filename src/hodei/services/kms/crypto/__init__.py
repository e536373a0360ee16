"""The cryptography of KMS: pure functions of keys and bytes. `cryptography` is imported where it is first needed."""
