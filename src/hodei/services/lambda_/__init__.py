"""AWS Lambda: functions run as local processes; no operation is here yet."""
