"""The public pages of what is announced. Each reads the moment of its request once and shows what is visible then."""
