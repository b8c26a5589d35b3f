"""Static reading of model files: what a file is, and what it would run when loaded. Nothing is ever loaded.

Plain Python without Django; a worker calls ``worker.scan`` in a limited child process.
"""
