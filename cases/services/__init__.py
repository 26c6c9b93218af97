"""Only services write: keyword-only verbs, each in its own transaction, the actor last as ``by=``."""
