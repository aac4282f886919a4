"""The test bed: a real Docker engine, images made without a registry, real Nomad and Consul agents.

Plain functions and context managers, used by the test fixtures and by the demo. Nothing is pulled from an
image registry. Whatever the bed starts it stops again, by pid; what it found running it leaves running.
"""
