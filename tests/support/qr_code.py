"""Reading a QR code off the screen, as the camera of a telephone does: with npm's jsqr, in a window of its own."""

from __future__ import annotations

import base64

from playwright.sync_api import Locator

from tests.support import javascript
from tests.support.chromium import Windows

_JSQR = javascript.FOLDER / "node_modules" / "jsqr" / "dist" / "jsQR.js"
_READ = """async (picture) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const seen = canvas.getImageData(0, 0, image.width, image.height);
    return window.jsQR(seen.data, seen.width, seen.height)?.data ?? null;
}"""


def read(windows: Windows, code: Locator) -> str:
    """What the QR code says that is shown at a place of a page."""
    javascript.install()
    picture = base64.b64encode(code.screenshot()).decode()
    camera = windows.open()
    camera.evaluate(_JSQR.read_text())
    text = camera.evaluate(_READ, picture)
    assert text is not None, "there is no QR code to be seen"
    return str(text)
