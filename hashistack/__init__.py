"""Turn one file that describes an application into the Nomad jobs and the Terraform that run it."""

__version__ = "0.1.0"
