"""The client for pipelines, which the server hands out as one file."""
