"""Core and the way in, part by part."""
