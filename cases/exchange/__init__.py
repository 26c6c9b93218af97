"""Drawings in the formats of other programs, both ways: shapes and frozen values in, bytes or shapes out.

Every writer returns what its format could not say, in sentences; every reader says what it could not take.
"""
