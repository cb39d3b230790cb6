"""Detects whether the project's code has changed."""

import hashlib

from orchestrator.core.project import PROJECT_DIR, settings


def project_files() -> str:
    """Return a hash of everything that determines the numbers: models, macros, seeds and settings.

    The coverage view carries the logic versions that dbt computed for these files; while the hash is equal,
    staleness is known without starting dbt.
    """
    digest = hashlib.sha256(repr(settings()).encode())
    files = [PROJECT_DIR / "dbt_project.yml"]
    for folder in ("models", "macros", "seeds"):
        files += sorted(path for path in (PROJECT_DIR / folder).rglob("*") if path.is_file())
    for path in files:
        digest.update(str(path.relative_to(PROJECT_DIR)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
