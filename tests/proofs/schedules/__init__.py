"""Random schedules of what can happen to the core, in simulated time, and what has to hold after each."""
