"""Global options that may stand anywhere on the command line: `countersign serve --config FILE` works as
`countersign --config FILE serve` does.

The parser takes them before the command only, so that they are brought there. A command that has an option of the same
name, as `witness serve --address`, keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

OPTIONS = ("--config", "--address", "--timeout")
"""Those that `take_globals` reads, each with one value."""
_END = "--"  # behind it everything is a word, POSIX guideline 10


class Anywhere(TyperGroup):
    """The group of all commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As every group, with the global options brought to the front."""
        if ctx.resilient_parsing:  # a shell that completes what is not written yet
            return super().parse_args(ctx, args)
        kept = own_options(self, args)
        return super().parse_args(ctx, fronted(args, [name for name in OPTIONS if name not in kept]))


def fronted(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """The words with options of these names, and their values, before all others. Of several the last wins.

    Raises typer.BadParameter for one without a value.
    """
    front: list[str] = []
    rest: list[str] = []
    left = list(words)
    while left and left[0] != _END:
        word = left.pop(0)
        name, sign, _ = word.partition("=")
        if name not in names:
            rest.append(word)
        elif sign:
            front.append(word)
        elif left:
            front += [word, left.pop(0)]
        else:
            raise typer.BadParameter(f"{name} needs a value: countersign {name} VALUE COMMAND", param_hint=name)
    return [*front, *rest, *left]


def own_options(group: Any, words: Sequence[str]) -> set[str]:
    """The options of the command that these words call."""
    command = group
    for word in words:
        command = getattr(command, "commands", {}).get(word, command)
    return set() if command is group else {name for each in command.params for name in each.opts}
