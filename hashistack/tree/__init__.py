"""The rendered files on disk: which of them are ours, what would change, and writing it."""
