"""What an answer of the API means, and what is remembered of it.

Imports nothing of the worker.
"""
