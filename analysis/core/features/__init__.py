"""Feature families, one file each; `registry` names them all."""
