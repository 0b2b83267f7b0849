"""How numbers, money and scenarios are written in words, alike on screen and on the command line."""
