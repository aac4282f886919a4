"""The checks of checkov that what we render does not meet, and why: the only ones that a template may skip."""

from __future__ import annotations

from hashistack.render.hcl import Hcl, comment

SKIPS = {
    "CKV_AWS_2": "no public authority certifies names outside of the hosted zone; reached from inside only",
    "CKV_AWS_18": "the bucket of access logs does not log itself",
    "CKV_AWS_31": "the state would keep the AUTH token: hashistack sets it after the apply",
    "CKV_AWS_40": "the user is one program's, and this is its only right",
    "CKV_AWS_88": "a bastion is reached from outside, by the networks of the descriptor alone",
    "CKV_AWS_103": "no public authority certifies names outside of the hosted zone; reached from inside only",
    "CKV_AWS_109": "a key policy must let the account administer its key",
    "CKV_AWS_111": "the * of a key policy is the key itself; Session Manager's agent speaks for its own machine",
    "CKV_AWS_133": "managed.<name>.backups is 0 in the descriptor",
    "CKV_AWS_134": "managed.<name>.backups is 0 in the descriptor",
    "CKV_AWS_144": "data stays in its region",
    "CKV_AWS_145": "load balancers cannot write logs with a KMS key",
    "CKV_AWS_150": "deletion_protection is false in the descriptor",
    "CKV_AWS_157": "managed.<name>.zones is false in the descriptor",
    "CKV_AWS_182": "a last snapshot must stay readable when the key of the environment is gone",
    "CKV_AWS_191": "a last snapshot must stay readable when the key of the environment is gone",
    "CKV_AWS_226": "the descriptor names the minor version",
    "CKV_AWS_260": "port 80 redirects to HTTPS; on the nodes it is open to a load balancer only",
    "CKV_AWS_273": "a container that uses S3 needs an access key, and no person logs in with it",
    "CKV_AWS_293": "deletion_protection is false in the descriptor",
    "CKV_AWS_338": "the descriptor says how long logs are kept",
    "CKV_AWS_356": "the * of a key policy is the key itself; Session Manager's agent speaks for its own machine",
    "CKV_AWS_360": "managed.<name>.backups is less than a week in the descriptor",
    "CKV_AWS_378": "no public authority certifies names outside of the hosted zone; reached from inside only",
    "CKV2_AWS_11": "network.flow_logs is 0 in the descriptor",
    "CKV2_AWS_20": "no public authority certifies names outside of the hosted zone; reached from inside only",
    "CKV2_AWS_23": "leads to another platform, which is not made here",
    "CKV2_AWS_28": "a web ACL is a decision of its own",
    "CKV2_AWS_38": "DNSSEC is the choice of the owner of the parent zone",
    "CKV2_AWS_39": "query logs can only be kept in us-east-1",
    "CKV2_AWS_50": "managed.<name>.zones is false in the descriptor",
    "CKV2_AWS_62": "nothing listens to the events of this bucket",
    "CKV2_AWS_71": "one more host below the domain needs no other certificate",
}


def skip(check: str) -> Hcl:
    """Return the comment that skips a check inside a block; one that has no reason in the table raises KeyError."""
    return comment(f"#checkov:skip={check}: {SKIPS[check]}")
