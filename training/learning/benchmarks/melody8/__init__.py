"""Melody-8: the next note of eight collections of melodies, counted and learnt."""
