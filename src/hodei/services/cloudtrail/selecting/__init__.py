"""Which events a trail takes: basic and advanced event selectors, checked and applied."""
