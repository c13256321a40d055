"""What a developer or a first visitor runs: the demo, and what it and the tests need to be set up."""
