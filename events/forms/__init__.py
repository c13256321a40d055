"""Forms: the filter of the event list, and what publishers fill in."""
