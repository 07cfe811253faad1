"""What a terminal can show: cells, colours, safe text, clipboard, signals."""
