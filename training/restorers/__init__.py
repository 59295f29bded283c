"""How restoration networks of several architectures learn, each from a recipe: `python -m training.restorer`."""
