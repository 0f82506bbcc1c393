"""A shop with one product, on Django: the visit is captured, a purchase is reported."""
