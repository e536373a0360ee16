"""On-demand backups and what is restored from them."""
