"""Evaluate prediction tables: plain Python over numpy, scipy and pyarrow, usable without the portal.

``python -m apps.evaluations.engine table.parquet --label approve --score score --sensitive race`` prints a report.
"""

ENGINE_VERSION = "2.0"
SCHEMA_VERSION = 2
