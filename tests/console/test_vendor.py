"""What comes from elsewhere is what its makers published, and says so."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import console

VENDOR = Path(console.__file__).parent / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))


def test_every_file_has_the_checksum_the_manifest_names() -> None:
    named = {name: digest for package in MANIFEST for name, digest in package["files"].items()}
    found = {
        str(file.relative_to(VENDOR)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "manifest.json"
    }
    assert found == named


def test_every_package_has_version_licence_and_origin_but_no_address() -> None:
    for package in MANIFEST:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["licence"]
        assert package["package"]
        assert any(name.endswith("LICENSE") for name in package["files"])
    assert "://" not in json.dumps(MANIFEST)


def test_every_icon_a_template_asks_for_is_in_the_sprite() -> None:
    sprite = (VENDOR / "bootstrap-icons" / "sprite.svg").read_text(encoding="utf-8")
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    templates = Path(console.__file__).parent / "templates"
    asked = {
        name for page in templates.rglob("*.html") for name in re.findall(r'icon\("([a-z0-9-]+)"', page.read_text())
    }
    assert asked
    assert asked <= there
