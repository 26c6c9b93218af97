"""Fuzzing of what reads strangers' bytes: ``python -m tests.fuzz --target reader --seconds 600``."""
