"""The subcommands of ``shanyao`` that need no window: each reads its input, says its answer and ends."""
