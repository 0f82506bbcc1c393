"""Tools that people use instead, each in an environment of its own; they import only ``plain``."""
