"""From an event as application code gives it to the bytes that are sent. Internal.

Imports the types and the errors.
"""
