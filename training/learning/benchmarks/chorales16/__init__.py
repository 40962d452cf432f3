"""Chorales-16: four voices in sixteenth frames, and a network that foretells them."""
