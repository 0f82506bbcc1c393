"""Dead letters on their way back into their outboxes.

Imports `delivery` and what stands below it, but nothing of `operations`.
"""
