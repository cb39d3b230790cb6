"""Whether the project's code is still what it was."""

import hashlib

from orchestrator.core.project import PROJECT_DIR, settings


def project_files() -> str:
    """Return a hash of what makes the numbers: the project's models, macros, seeds, and its settings.

    The coverage view carries the logic versions that dbt found for such a state of the files; while it is
    the same, nobody needs dbt to know which dates are stale.
    """
    digest = hashlib.sha256(repr(settings()).encode())
    files = [PROJECT_DIR / "dbt_project.yml"]
    for folder in ("models", "macros", "seeds"):
        files += sorted(path for path in (PROJECT_DIR / folder).rglob("*") if path.is_file())
    for path in files:
        digest.update(str(path.relative_to(PROJECT_DIR)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
