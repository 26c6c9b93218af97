"""The same services and rules as the pages, as JSON."""
