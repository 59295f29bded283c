"""One plain loop for every model: what a recipe names is built, trained within a budget, resumed, and exported."""
