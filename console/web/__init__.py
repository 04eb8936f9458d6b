"""The live page: a run in a browser, while it goes on or from its files. Needs the extra ``web``."""
