"""Made-up shops, people and conversions.

Imports the client only.
"""
