"""What is kept of people and for how long, and what they can have done with it."""
