"""How well a text-to-image model does what it is told: on combinations it was not trained on, by an independent judge.

    python -m training.evaluation.text_to_image --model generators/weights/text_to_image [--mode fast] [--count N]

Every figure stands beside what the same pictures would have got with the captions shuffled, and beside the compositor:
composites of the same scenes, which are right by construction. What the judge makes of those is its ceiling.
"""
