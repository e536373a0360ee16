"""Events as CloudTrail words them."""
