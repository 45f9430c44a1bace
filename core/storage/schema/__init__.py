"""The numbered steps of the schema, and their scripts by feature."""
