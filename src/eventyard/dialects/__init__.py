"""Surfaces that speak as the originals did: they translate, call the pipeline, and translate back. No logic here."""
