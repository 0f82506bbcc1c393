"""Template tags for Django: ``{% load tiktok_events %}``."""
