"""A program in the place of the one that looks at files: it does not come to an end."""

import time

time.sleep(60)
