"""PartiQL: statements parsed into the nodes of expressions, done by what does the other operations on items."""
