"""The demo: an invented Regio Zwolle, a door to enter it as anybody of the cast, and its post.

Nothing of this is reachable unless `settings.DEMO` is on.
"""
