"""Programs that run apart from the rest of the machine, as far as it lets them."""
