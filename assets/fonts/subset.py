#!/usr/bin/env python3
"""Makes wqy-microhei-gb2312.ttf of the font that Debian ships; see README.md beside this file.

    apt-get download fonts-wqy-microhei && dpkg -x fonts-wqy-microhei_*.deb wqy
    pip install fonttools==4.60.1
    assets/fonts/subset.py wqy/usr/share/fonts/truetype/wqy/wqy-microhei.ttc
"""

import pathlib
import sys

from fontTools import subset, ttLib


def letters():
    """Latin with its accents, punctuation, the signs of figures, and the characters of GB 2312."""
    yield from range(0x20, 0x7F)
    yield from range(0xA0, 0x180)
    for first, last in [(0x2010, 0x2027), (0x2030, 0x203B), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x2199),
                        (0x2200, 0x22FF), (0x2460, 0x2473), (0x25A0, 0x25FF), (0x3000, 0x301F), (0xFF01, 0xFFE6)]:
        yield from range(first, last + 1)
    for row in [*range(1, 10), *range(16, 88)]:
        for cell in range(1, 95):
            try:
                yield ord(bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312"))
            except UnicodeDecodeError:
                pass


def main():
    font = ttLib.TTFont(sys.argv[1], fontNumber=0)
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 4, 5, 6, 13, 14],
                             name_languages=[0x409], drop_tables=["GSUB", "GPOS", "GDEF", "kern", "FFTM", "gasp"])
    maker = subset.Subsetter(options)
    maker.populate(unicodes=letters())
    maker.subset(font)
    font.recalcTimestamp = False
    out = pathlib.Path(__file__).with_name("wqy-microhei-gb2312.ttf")
    font.save(out)
    print(f"{out}: {len(font.getBestCmap())} letters, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
