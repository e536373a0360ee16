"""Encryption at rest under KMS keys: of items, entries of indexes, stream records, backups and the past of tables.

Tables without an SSESpecification are as on AWS under a key that AWS owns, of which nobody sees anything: they lie as
they are. For all others a row's attributes are ciphertext; its key, which has those of the item's key, stays in plain
text, for rows have to lie in order (AWS keeps parts of sort keys so, as the boundaries of ranges).
"""
