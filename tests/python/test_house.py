"""Which package may import which. Imports inside functions and for type checkers count, too."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# Lowest first: a package imports from itself and from those before it.
PACKAGES = (
    "orchestrator.core",
    "demo",
    "orchestrator.warehouse",
    "orchestrator.dbt",
    "orchestrator.raw",
    "orchestrator.fetch",
    "orchestrator.state",
    "orchestrator.export",
    "orchestrator.plan",
    "orchestrator.compare",
    "orchestrator.run",
    "orchestrator.verify",
    "orchestrator.show",
    "orchestrator.explain",
    "orchestrator.cli",
    "orchestrate",
)


def package_of(module: str) -> str:
    """Return the package of a module."""
    top, *rest = module.split(".")
    return f"{top}.{rest[0]}" if top == "orchestrator" else top


def our_modules() -> dict[str, Path]:
    """Return our Python files by module name, without empty ones."""
    files = [PROJECT / "orchestrate.py"]
    files += [*(PROJECT / "orchestrator").rglob("*.py"), *(PROJECT / "demo").rglob("*.py")]
    names = {file: ".".join(file.relative_to(PROJECT).with_suffix("").parts) for file in files}
    return {name.removesuffix(".__init__"): file for file, name in names.items() if file.read_text().strip()}


def imports() -> dict[str, set[str]]:
    """Return which of our modules each of them imports, anywhere in its text."""
    modules = our_modules()
    found: dict[str, set[str]] = {}
    for module, file in modules.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{file}: write imports in full, so that they can be followed"
                # A name may be a module of its package, or something in it.
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= {name if name in modules else node.module for name in names}
        found[module] = {name for name in named if name in modules}
    return found


def test_the_order_names_every_package():
    assert {package_of(module) for module in our_modules()} == set(PACKAGES)


def test_no_import_runs_back():
    backward = [
        f"{module} imports {other}"
        for module, others in sorted(imports().items())
        for other in sorted(others)
        if PACKAGES.index(package_of(other)) > PACKAGES.index(package_of(module))
    ]
    assert not backward, "\n".join(backward)


def test_no_modules_import_each_other():
    TopologicalSorter(imports()).prepare()  # raises CycleError, naming the modules
