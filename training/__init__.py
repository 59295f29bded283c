"""Makes and measures the weights that ship: corpora with licences, recipes, evaluation.

`training.restoration` is the file to read first. The server never imports this package.
"""
