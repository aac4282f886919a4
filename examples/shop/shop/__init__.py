"""The shop: an example application in five small processes that share a cache."""
