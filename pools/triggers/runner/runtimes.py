"""The programs that functions run on, and what a function finds in its environment."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

RUNTIMES = ("python3.11", "nodejs20.x")

PACKAGES = (
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
    *("awslambdaric", "simplejson", "snapshot_restore_py"),
)
"""Of Gatehouse's own packages those that Python functions may import, as on AWS Lambda; nothing else is there."""

_WANTED_PYTHON = "python3.11"
_OWN_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_NODE_FLAGS = ("--max-http-header-size=81920",)


class NotAvailable(Exception):
    """This machine lacks what a function needs; the text says what."""


@dataclass(frozen=True, slots=True)
class Python:
    program: Path
    prefix: Path
    library: Path

    @property
    def packages(self) -> tuple[Path, ...]:
        """Where this interpreter keeps packages of its own, Gatehouse's perhaps among them."""
        names = ("site-packages", "dist-packages")
        folders = [folder / name for name in names for folder in (self.library, self.prefix / "lib/python3")]
        return tuple(folder for folder in folders if folder.is_dir())


def find_python(*, public: bool) -> Python:
    """Python 3.11, or else the version that runs here; `public`: one that every user may run.

    Raises: NotAvailable.
    """
    for name in (_WANTED_PYTHON, _OWN_PYTHON):
        for program in _programs(name):
            prefix = program.parent.parent
            library = prefix / "lib" / name
            if (library / "os.py").is_file() and (not public or (is_public(program) and is_public(library / "os.py"))):
                return Python(program, prefix, library)
    raise NotAvailable("There is no Python that functions could run on.")


def _programs(name: str) -> Iterator[Path]:
    """Real interpreters of that name: no links, no scripts that choose one."""
    folders = [Path(sys.base_prefix) / "bin", *map(Path, os.get_exec_path()), Path("/usr/local/bin"), Path("/usr/bin")]
    for folder in folders:
        program = (folder / name).resolve()
        if program.is_file() and program.open("rb").read(4) == b"\x7fELF":
            yield program


def find_node() -> Path | None:
    found = shutil.which("node")
    program = Path(found).resolve() if found else None
    return program if program is not None and program.open("rb").read(4) == b"\x7fELF" else None


def find_packages() -> Mapping[str, Path]:
    """Names of files and folders, and where they are."""
    found = {}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            file = Path(spec.origin)
            path = file.parent if file.name == "__init__.py" else file
            found[path.name] = path
    return found


def is_public(path: Path) -> bool:
    """Whether every user of the machine may read it."""
    return bool(path.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in path.parents)


def environment(
    *,
    function_arn: str,
    handler: str,
    runtime: str,
    memory_mib: int,
    own: Mapping[str, str],
    folders: Mapping[str, str],
) -> dict[str, str]:
    """What a function's process has in its environment: Lambda's own variables, and the function's.

    `folders` are `task`, `runtime` and `home`.
    """
    region, name = function_arn.split(":")[3], function_arn.split(":")[6]
    return {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mib),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "$LATEST",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "LAMBDA_TASK_ROOT": folders["task"],
        "LAMBDA_RUNTIME_DIR": folders["runtime"],
        "_HANDLER": handler,
        "TZ": ":UTC",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "HOME": folders["home"],
        "TMPDIR": folders["home"],
        "NODE_PATH": f"{folders['task']}/node_modules:{folders['task']}",
        **own,
    }


def command(runtime: str, handler: str, memory_mib: int, *, python: Path, node: str, folder: str) -> list[str]:
    """The program of a runtime. Raises: NotAvailable."""
    if runtime.startswith("python"):
        return [str(python), "-S", f"{folder}/python.py", handler, f"{folder}/packages"]
    if runtime.startswith("nodejs"):
        if not node:
            raise NotAvailable("There is no Node.js on this machine.")
        return [node, f"--max-old-space-size={memory_mib}", *_NODE_FLAGS, f"{folder}/node.cjs", handler]
    raise NotAvailable(f"The runtime {runtime} is not known here.")
