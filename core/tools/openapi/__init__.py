"""Tools from OpenAPI documents: each operation is one, and is called over HTTP within bounds."""
