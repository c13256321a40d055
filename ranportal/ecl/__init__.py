"""The Europa look: its assets, a crispy-forms template pack and its components as template tags."""
