"""Words three rows high out of half blocks, to be read from the last row of a room."""

from __future__ import annotations

GLYPHS = {
    "A": "###|# #|###|# #|# #", "B": "## |# #|## |# #|## ", "C": "###|#  |#  |#  |###",
    "D": "## |# #|# #|# #|## ", "E": "###|#  |## |#  |###", "F": "###|#  |## |#  |#  ",
    "G": "####|#   |# ##|#  #|####", "H": "# #|# #|###|# #|# #", "I": "#|#|#|#|#",
    "J": "  #|  #|  #|# #|###", "K": "#  #|# # |##  |# # |#  #", "L": "#  |#  |#  |#  |###",
    "M": "#   #|## ##|# # #|#   #|#   #", "N": "#  #|## #|# ##|#  #|#  #", "O": "###|# #|# #|# #|###",
    "P": "###|# #|###|#  |#  ", "Q": "####|#  #|#  #|# ##|####", "R": "###|# #|## |# #|# #",
    "S": "###|#  |###|  #|###", "T": "###| # | # | # | # ", "U": "# #|# #|# #|# #|###",
    "V": "# #|# #|# #|# #| # ", "W": "#   #|#   #|# # #|## ##|#   #", "X": "# #|# #| # |# #|# #",
    "Y": "# #|# #| # | # | # ", "Z": "###|  #| # |#  |###",
    "0": "###|# #|# #|# #|###", "1": "## | # | # | # |###", "2": "###|  #|###|#  |###",
    "3": "###|  #| ##|  #|###", "4": "# #|# #|###|  #|  #", "5": "###|#  |###|  #|###",
    "6": "###|#  |###|# #|###", "7": "###|  #|  #|  #|  #", "8": "###|# #|###|# #|###",
    "9": "###|# #|###|  #|###",
    ".": " | | | |#", ",": "  |  |  | #|# ", "-": "  |  |##|  |  ", "%": "# #|  #| # |#  |# #",
    "×": "   |# #| # |# #|   ", ":": " |#| |#| ", " ": " | | | | ", "+": "   | # |###| # |   ",
}  # fmt: skip
"""Five rows of dots; a letter that is not here is left out."""

_HALVES = {(" ", " "): " ", ("#", " "): "▀", (" ", "#"): "▄", ("#", "#"): "█"}


def big_letters(text: str) -> tuple[str, str, str]:
    """The three rows of a text, in capitals, one cell between letters; all are equally wide."""
    glyphs = [GLYPHS[letter].split("|") for letter in text.upper() if letter in GLYPHS]
    dots = [" ".join(glyph[row] for glyph in glyphs) for row in range(5)]
    dots.append(" " * len(dots[0]))
    top, middle, bottom = (
        "".join(_HALVES[pair] for pair in zip(dots[row], dots[row + 1], strict=True)) for row in (0, 2, 4)
    )
    return top, middle, bottom
