"""What any store of files may say, without knowing which one it is."""


class StoreDown(Exception):
    """The store does not answer, or not as it should. It says nothing about the file."""
