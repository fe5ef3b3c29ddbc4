"""Pictures taken in a browser, put next to each other and saved."""

import base64
from pathlib import Path

from playwright.sync_api import Browser

GROUND = {"light": "#f3f5f8", "dark": "#12161c"}  # as in base.css
FOLDER = Path(__file__).parent / "screenshots"


def side_by_side(
    browser: Browser, pictures: list[bytes], width: int, columns: int, ground: str = "white"
) -> bytes:
    sources = [f"data:image/png;base64,{base64.b64encode(picture).decode()}" for picture in pictures]
    images = "".join(f'<img src="{source}" width="{width}">' for source in sources)
    columns_of = f"grid-template-columns: repeat({columns}, {width}px)"
    grid = f"display: grid; align-items: start; {columns_of}; width: max-content"
    blank = browser.new_page(viewport={"width": width * columns, "height": 400})
    blank.set_content(f'<body style="margin: 0; background: {ground}"><div style="{grid}">{images}</div>')
    result = blank.locator("div").screenshot()
    blank.close()
    return result


def save(name: str, content: bytes) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_bytes(content)
    print(f"docs/screenshots/{name}")
