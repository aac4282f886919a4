"""Talk to the world: Nomad, Consul, Docker, processes; nothing else in the project does."""
