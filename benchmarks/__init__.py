"""How fast it is, measured and printed beside a baseline of the same run: ``make bench``. Nothing fails here."""
