"""Reminders, and questions that are asked by the clock."""
