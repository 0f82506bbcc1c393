"""The console: what operators see and do in a browser.

A screen is a view and a template of its name; the table of places says which role each needs and
which commands it stands for. Every act calls what its command calls. Imports what `serving` may.
"""
