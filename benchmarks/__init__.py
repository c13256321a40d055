"""How fast it is, measured and printed: ``make bench``. Nothing fails for being slow."""
