"""What the project costs, measured beside other designs; nothing of the product imports it.

Each module here is a command; it may import the rooms ``sections``, ``lab`` and ``designs``.
"""
