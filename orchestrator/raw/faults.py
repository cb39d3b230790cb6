"""Collects everything that is wrong with the files of a load, to report it at once."""

from collections.abc import Sequence

from orchestrator.core.errors import UserError
from orchestrator.raw.tables import RawTable

UNCHANGED = "Nothing was changed."


class Faults:
    """Faults that stop a load, and the columns they make unusable."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._unsound: set[tuple[str, str]] = set()

    def add(self, table: RawTable, columns: Sequence[str], what: str, advice: str = "") -> None:
        """Add a fault of these columns: one sentence, and the next step where it is not obvious."""
        self.messages.append(f"{what}. {advice}." if advice else f"{what}.")
        self._unsound |= {(table.name, column) for column in columns}

    def add_file(self, table: RawTable, what: str, advice: str = "") -> None:
        """Add a fault that makes the whole file unusable."""
        self.add(table, [column.name for column in table.columns], what, advice)

    def sound(self, table: RawTable, *columns: str) -> bool:
        """Tell whether these columns are free of faults, so that further checks do not repeat one."""
        return not any((table.name, column) in self._unsound for column in columns)

    def refuse(self) -> None:
        """Raise them all in one UserError, if there are any."""
        if len(self.messages) == 1:
            raise UserError(f"{self.messages[0]} {UNCHANGED} Once that is corrected, run ingest again.")
        if self.messages:
            lines = "".join(f"\n  - {message}" for message in self.messages)
            raise UserError(
                f"The files have {len(self.messages)} faults. {UNCHANGED} Once they are corrected, run "
                f"ingest again.{lines}"
            )
