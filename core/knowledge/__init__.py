"""What people put into their channels, found again with its source, by those alone who may read it."""
