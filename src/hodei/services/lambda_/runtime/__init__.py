"""How functions run: as local processes, many at once, each an environment that serves one invoke at a time."""
