"""The designs that are compared; ours may import the product, the others only each other."""
