"""Intervals, tests, sample sizes and resampling: closed forms from the literature over numpy and scipy.special.

statsmodels knows most of them and is the oracle of the tests; importing it takes 0.9 s and 180 MB, which is most
of what a worker may spend (docs/adr/0006-engine-on-numpy.md).
"""
