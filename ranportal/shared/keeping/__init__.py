"""What a backup is made of: the database, the files, and a manifest that proves both. Knows no app."""
