"""Access by browser: forms, presigned URLs, cross-origin requests, websites."""
