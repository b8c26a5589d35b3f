"""The bytes of a pickle, with the frames in which they are read (PEP 3154, "Framing")."""

from typing import BinaryIO

#: A name or a number is no longer.
_MOST_READ = 4096
_PIECE = 1 << 20
#: More than any file has.
_MOST_BYTES = 1 << 42


class Stream:
    """A file from where it is now: ``place`` counts what was taken, ``frame_end`` is where the frame ends."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin here."""
        self.file = file
        self.place = 0
        self.frame_end = 0
        self.ended = False
        self.beginning = b""

    def byte(self) -> int:
        """Take a byte; -1 at the end."""
        taken = self.file.read(1)
        self.ended = not taken
        self.place += 1
        return taken[0] if taken else -1

    def take(self, size: int) -> bytes | None:
        """Take bytes; None where they are too many to be looked at."""
        self.place += size
        if size <= _MOST_READ:
            return self.file.read(size)
        # Past the end there is nothing to read, which is then seen.
        self.file.seek(min(size, _MOST_BYTES), 1)
        return None

    def line(self) -> bytes | None:
        """Take a line without its last byte, as unpicklers do, of which some take the end of the file for that of a line.

        None where it is too long to be looked at; ``beginning`` holds what it begins with.
        """
        self.beginning = piece = self.file.readline(_MOST_READ)
        self.place += len(piece)
        short = len(piece) < _MOST_READ or piece.endswith(b"\n")
        while not short and piece and not piece.endswith(b"\n"):
            piece = self.file.readline(_PIECE)
            self.place += len(piece)
        return self.beginning[:-1] if short else None

    def framed(self, size: int) -> bool:
        """Begin a frame; return whether it stands in another one that has not ended, which no pickler writes."""
        nested = self.place - 9 < self.frame_end
        self.frame_end = self.place + size
        return nested

    def torn(self, start: int) -> bool:
        """Return whether what began at ``start`` passed the end of the frame it began in."""
        return start < self.frame_end < self.place
