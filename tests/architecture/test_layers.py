"""The floors of .importlinter hold, and a new file without a floor is found."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.house import ROOT


def _lint(*, config: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", "--config", config],
        cwd=folder,
        env={"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_imports_only_from_the_floors_below():
    result = _lint(config=ROOT / ".importlinter", folder=ROOT)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def _small_house(folder: Path, *, models: str = "", extra: str | None = None) -> Path:
    app = folder / "house"
    app.mkdir()
    for name, text in {"__init__": "", "services": "from house import models\n", "models": models}.items():
        (app / f"{name}.py").write_text(text)
    if extra:
        (app / f"{extra}.py").write_text("")
    config = folder / ".importlinter"
    config.write_text(
        "[importlinter]\nroot_package = house\n"
        "[importlinter:contract:house]\nname = one way\ntype = layers\ncontainers = house\n"
        "layers =\n    services\n    models\nexhaustive = true\n"
    )
    return config


def test_an_import_downwards_is_fine(tmp_path):
    assert _lint(config=_small_house(tmp_path), folder=tmp_path).returncode == 0


def test_an_import_upwards_is_found(tmp_path):
    result = _lint(config=_small_house(tmp_path, models="from house import services\n"), folder=tmp_path)

    assert result.returncode == 1
    assert "house.models is not allowed to import house.services" in result.stdout


def test_a_file_on_no_floor_is_found(tmp_path):
    result = _lint(config=_small_house(tmp_path, extra="helpers"), folder=tmp_path)

    assert result.returncode == 1
    assert "house.helpers" in result.stdout
