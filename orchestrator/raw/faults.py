"""What is wrong with the files of a load, collected so that all of it is said at once."""

from collections.abc import Sequence

from orchestrator.core.errors import UserError
from orchestrator.raw.tables import RawTable

UNCHANGED = "Nothing was changed."


class Faults:
    """Faults that stop a load, and the columns that they leave without a meaning."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._unsound: set[tuple[str, str]] = set()

    def add(self, table: RawTable, columns: Sequence[str], what: str, advice: str = "") -> None:
        """Note a fault of these columns: one sentence, and the next step, where it is not plain."""
        self.messages.append(f"{what}. {advice}." if advice else f"{what}.")
        self._unsound |= {(table.name, column) for column in columns}

    def add_file(self, table: RawTable, what: str, advice: str = "") -> None:
        """Note a fault that leaves nothing of a file to be judged."""
        self.add(table, [column.name for column in table.columns], what, advice)

    def sound(self, table: RawTable, *columns: str) -> bool:
        """Tell whether these columns can be judged further: one fault must not be said twice."""
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
