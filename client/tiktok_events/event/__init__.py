"""Turn an event as application code gives it into the bytes that are sent. Internal.

Imports the types and the errors.
"""
