"""A program in the place of the one that looks at files: it breaks as a reader of broken files may."""

import os

os.abort()
