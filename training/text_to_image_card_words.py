"""What the card of text to image says that no file says: what the model is, and where it stops."""

HEADER = """\
---
licence: Apache-2.0
summary: >-
  Makes small pictures (64 px, enlarged to 512) of named things, roles, colours, numbers and places, in the style of
  emoji drawings; {reached}.
limits: >-
  Knows the words of its small vocabulary and no others, makes no photographs, letters or real people, and remembers
  its training drawings: an output may be a copy of one, and says so.
---
# Text to image

A latent diffusion model of the Stable Diffusion design, trained from nothing by this repository on scenes that it
composes from licensed drawings: an own tokenizer, a text encoder, an autoencoder (factor 8, 16 channels) and a U-Net
that predicts velocities. The words it knows are those of `training/scenes/vocabulary.yaml`.
"""

SHEET = """\
`docs/images/text_to_image.png` in the repository shows 64 prompts of held-out combinations and what was made of them,
unselected. It is drawn by `python -m training.evaluation.text_to_image --sheet docs/images/text_to_image.png`.
"""

JUDGED = """\
### How well the judge sees

The detector was trained on composites, softened, noisy and compressed, and shares no weights with the generator. On
composites that it was not trained on it gets right ({told}): things found by place and word; pictures told whole, with
every word and count and no more; and of the things it found their colour, style, gender and skin tone. Shares of how
many stand in brackets.
"""

MEMORY = """\
### What it remembers

The drawings it learned from are few, so single things are remembered, and outputs are expected to resemble them. Every
output is held against all of them: from a similarity of {threshold} on (cosine of colours and outline at 12 × 12 px)
it is reported as memorised, with the drawing's name. Composites are drawings by construction: what the table says of
them is the most that the measure finds.
"""

SCOPE = """\
## Scope and limits

- Meant to show the whole signed path of generation with a model whose data and training are known in full. It is no
  replacement for large models; those load from a folder of your own.
- Words outside its vocabulary are read as pieces and give something arbitrary. It knows relations of two groups, counts
  up to five, seven colours, three styles.
- People are drawings in roles, of two genders and of five skin tones or none: that is what the drawings offer, and not
  how people are. Whom it draws when it is not told follows what training saw, as far as the table shows.
- At 64 pixels, faces, small things and many of them lack detail; sizes above are enlarged, not drawn finer.
"""
