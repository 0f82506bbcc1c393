"""How well events can be matched, and what is at risk of being lost.

Imports what `operations` may import.
"""
