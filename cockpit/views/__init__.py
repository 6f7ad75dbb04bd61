"""The front door, the way to one's own page, the figures of the region, and all components."""
