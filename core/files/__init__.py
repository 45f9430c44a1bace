"""The files that people attach, read as text or shown as pictures."""
