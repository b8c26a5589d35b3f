"""From a file to columns, and to the table of each task."""
