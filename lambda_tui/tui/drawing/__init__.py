"""Pure drawing: numbers, axes, braille canvases and bars as text. Nothing here knows of Textual."""
