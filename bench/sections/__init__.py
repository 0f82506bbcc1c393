"""One measured section of a report each; a section may import the lab and the designs."""
