"""The doors: REST, WebSocket and, until the web app comes, a small page.

A door parses, says who asks, calls one use case and presents what came of it. Rules live in `features`.
"""
