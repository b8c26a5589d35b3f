"""The fonts of every PDF, as files in this folder: README.md says where they come from, make.py makes them anew."""
