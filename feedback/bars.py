"""A plot as a PNG picture, since mail clients show no SVG.

Ours: a picture of bars is a few lines of the standard library, and a library that draws is larger
than this product.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence

WIDTH, HEIGHT, GAP = 576, 120, 4
GROUND, GRID, GOOD, BAD = b"\xff\xff\xff", b"\xdc\xe1\xe8", b"\x1c\x7a\x3e", b"\xb3\x26\x1e"


def bars_png(columns: Sequence[tuple[int, int]]) -> bytes:
    """Draw a bar for each (sent, not sent), the second on top of the first."""
    top = max((good + bad for good, bad in columns), default=0) or 1
    bars = [(round(good / top * HEIGHT), round((good + bad) / top * HEIGHT)) for good, bad in columns]
    return _png([b"".join(_row(HEIGHT - y, bars)) for y in range(HEIGHT)] + [GRID * WIDTH])


def _row(height: int, bars: Sequence[tuple[int, int]]) -> Iterable[bytes]:
    """Give the colours, left to right, at one height above the ground."""
    width = WIDTH // (len(bars) or 1)
    for good, all_ in bars:
        colour = GOOD if height <= good else BAD if height <= all_ else GROUND
        yield colour * (width - GAP) + GROUND * GAP
    yield GROUND * (WIDTH - width * len(bars))


def _png(rows: Sequence[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, len(rows), 8, 2, 0, 0, 0)  # 8 bits each of red, green, blue
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
