"""Kill points and random schedules."""
