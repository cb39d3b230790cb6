"""What a fetch tells while it runs; the command line shows it."""


class Progress:
    """Ignores everything."""

    def file(self, name: str, size: int | None, here: int) -> None:
        """Hear that a file begins: its size in bytes if known, and how many are here already."""

    def bytes(self, number: int) -> None:
        """Hear of more bytes of it."""

    def note(self, message: str) -> None:
        """Hear of something that people should know."""
