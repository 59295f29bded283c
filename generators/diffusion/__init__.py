"""Text to image by latent diffusion: everything that knows diffusers.

Read `text_to_image.py` first; `asked.py` says what may be asked for, `sampling.py` how it is made.
"""
