"""The web: requests, search, pages, facts."""
