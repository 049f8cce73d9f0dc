"""Moving work and news between processes; knows nothing of what a run is.

`JobQueue` says which runs may be claimed, `Broadcast` how far journals have come. Both may lose
anything at any moment: the database is the truth, and whoever listens makes good from it.
"""
