"""What is on disk: the database, its schema, and the rows of each part."""
