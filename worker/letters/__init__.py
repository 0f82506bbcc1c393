"""Dead letters: kept, found, repaired, exported, given up."""
