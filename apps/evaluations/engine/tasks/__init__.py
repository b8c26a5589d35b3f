"""The report of each task, one module per task."""
