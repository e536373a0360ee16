"""Who may do what: what operations need, whose buckets and objects are, ACLs as policies, condition keys."""
