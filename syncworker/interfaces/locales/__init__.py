"""The sentences of every language but English, and the tool that keeps them complete."""
