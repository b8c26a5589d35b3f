"""Checks of data rather than of models: a profile, leakage between train and test, skew between offline and online."""
