"""Container images: as they lie in layout folders and archives, and what becomes of their layers on a disk."""
