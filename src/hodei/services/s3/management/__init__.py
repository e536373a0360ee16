"""What happens to objects by rule and in time: lifecycle, locks, replication, events, logs."""
