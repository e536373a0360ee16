"""Container images of functions: where they are found, how they are kept, and how they are unpacked and run."""
