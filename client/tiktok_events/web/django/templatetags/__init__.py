"""Template tags for Django: ``{% load tiktok_events %}``.

Imports Django and `tiktok_events.web`.
"""
