"""What proves who is who in a cluster of one's own machines: certificates, gossip keys, tokens; values only."""
