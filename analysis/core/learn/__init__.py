"""Training, judging, explaining and storing classifiers; heavy libraries are imported inside functions."""
