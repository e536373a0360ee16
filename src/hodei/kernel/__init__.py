"""What every service stands on: service, context, dispatch, store, clock, timers, delivery."""
