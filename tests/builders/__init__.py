"""What tests are made of: one module for each noun, imported by its full name."""
