"""What no figure says of the networks of `generators.learned` that came after the first: the words of their cards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What no figure says. summary: a sentence with {gains} in it. beside: whom it was measured against. profiles: the
    YAML line that keeps it to some pictures, or "".
    """

    title: str
    summary: str
    limits: str
    opening: str
    scope: str
    beside: str = "The best classical method"
    profiles: str = ""


NAFNETS = {
    "denoise_nafnet_sigma.md": Words(
        title="Denoising with NAFNet that is told σ",
        summary=(
            "Removes random noise of a strength that it is told from photographs with a small network; on photographs "
            "it was not trained on, and told σ, it is {gains} nearer the original than the best classical method."
        ),
        limits=(
            "Learned from synthetic Gaussian noise on photographs; told too much it smooths, told too little it leaves "
            "noise; does not repair JPEG, blotches or stripes; smooths fine texture, which an estimate of σ takes for "
            "noise."
        ),
        opening=(
            'A U-shaped stack of gated convolutions (L. Chen et al., "Simple Baselines for Image Restoration", ECCV\n'
            "2022), in spandrel's class, made from this repository and the data by `python -m training.restorer`.\n"
            "A fourth channel says σ, as in FFDNet (K. Zhang et al., IEEE TIP 2018). The mean over the whole picture\n"
            "that NAFNet's gates look at was left out, so that a picture worked on in tiles is the picture worked on\n"
            "as a whole. It regresses pixels and samples nothing.\n"
            "\n"
            "## Settings\n"
            "\n"
            "| Name | Range | Default | Meaning |\n"
            "|---|---|---|---|\n"
            "| `sigma` | 0 to 100 | 0 | standard deviation of the noise in 8-bit steps; 0 estimates it |"
        ),
        scope=(
            "- Noise was Gaussian of σ up to 60, independent from pixel to pixel and equally strong everywhere.\n"
            "  Stronger noise it is told as 60, and leaves some.\n"
            "- Where σ is stated below 4, or estimated below 8, a picture is left as it is: there it does more harm\n"
            "  than good. On 40 photographs of the train split, told 2 it made 22 worse than they were, told 3\n"
            "  six, told 4 three, told 7 one; and one in forty without noise is estimated at 8 or more. State σ\n"
            "  where it is known, and compare.\n"
            "- It is for photographs alone. Where values span thousands, as in scans, it is off by more than noise.\n"
            "- No portraits, text, line art or screens were in the corpus: the figures say nothing about those."
        ),
        beside="The classical methods were told σ; the best of them",
        profiles="profiles: [photo]\n",
    ),
    "deblur_nafnet.md": Words(
        title="Deblurring with NAFNet",
        summary=(
            "Undoes blur of lenses and hands in photographs with a small network that finds out by itself how they are "
            "blurred; on photographs it was not trained on it is {gains} nearer the original than the best classical "
            "method."
        ),
        limits=(
            "Learned from synthetic blur that is the same all over a picture and at most 15 pixels long; strong blur, "
            "subjects that moved and anything but photographs it never saw."
        ),
        opening=(
            'A U-shaped stack of gated convolutions (L. Chen et al., "Simple Baselines for Image Restoration", ECCV\n'
            "2022), in spandrel's class, made from this repository and the data by `python -m training.restorer`.\n"
            "The mean over the whole picture that NAFNet's gates look at was left out, so that a picture worked on in\n"
            "tiles is the picture worked on as a whole. It regresses pixels and samples nothing. There are no settings."
        ),
        scope=(
            "- Blur was a Gaussian of σ up to 3 pixels, a disc of up to 4, or motion along an arc of 3 to 15, in the\n"
            "  file's values and not in light, with noise of σ up to 3 and sometimes JPEG of quality 85 to 98. A\n"
            "  tenth of the patches was hardly blurred, so that what is sharp stays as it is. Expect less of others.\n"
            "- It is for photographs alone: it changes what is measured.\n"
            "- It does not remove noise stronger than that: denoise first.\n"
            "- No portraits, text, line art or screens were in the corpus. Do not use it to read plates or to\n"
            "  identify people: what a blur took whole, it can only guess."
        ),
        beside=(
            "The classical methods were told how wide a\nGaussian or disc was; the best of them, sharpening among them,"
        ),
        profiles="profiles: [photo]\n",
    ),
}
"""Of those of NAFNet's that are told σ, and that deblur."""
