"""The project package. OpenMP must be tamed before NumPy, OpenCV or scikit-learn are imported anywhere."""

import os

# Spinning OpenMP threads on shared cores made a 0.76 s fit take 29-57 s.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

__version__ = "0.1.0"
