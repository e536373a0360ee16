"""Items: written and read, one by one, in batches, in transactions, and by Query and Scan."""
