"""One file per noun."""

from analysis.models.analysis import Analysis, AnalysisRegion
from analysis.models.feature_vector import FeatureVector
from analysis.models.model import ModelVersion, TrainingRun
from analysis.models.overlay import Overlay
from analysis.models.prediction import Prediction

__all__ = [
    "Analysis",
    "AnalysisRegion",
    "FeatureVector",
    "ModelVersion",
    "Overlay",
    "Prediction",
    "TrainingRun",
]
