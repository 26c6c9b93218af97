"""Simulated teaching pictures with known truth. Nothing here shows a real person."""
