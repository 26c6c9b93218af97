"""Pure numbers of the analysis: arrays and frozen values in, values out; no web framework, no database."""
