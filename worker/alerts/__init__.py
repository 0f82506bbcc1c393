"""Figures that are watched, and incidents that are told."""
