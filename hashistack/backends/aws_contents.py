"""What is in buckets and image repositories, counted as far as one answer of AWS goes."""

from __future__ import annotations

from hashistack.backends.aws import Aws, code, explained


def contents(aws: Aws, type_: str, name: str) -> str:
    """Return in words what is in a bucket or a repository, by Terraform's type; "" if nothing is, or it is gone."""
    from botocore.exceptions import ClientError

    with explained(f"looking into {name}"):
        try:
            if type_ == "aws_s3_bucket":
                found = aws.client("s3").list_objects_v2(Bucket=name)
                return _counted(len(found.get("Contents", [])), found.get("IsTruncated"), "object")
            found = aws.client("ecr").list_images(repositoryName=name)
            return _counted(len(found["imageIds"]), "nextToken" in found, "image")
        except ClientError as error:
            if code(error) in ("NoSuchBucket", "RepositoryNotFoundException"):
                return ""
            raise


def _counted(count: int, more: object, what: str) -> str:
    if not count:
        return ""
    return f"more than {count} {what}s" if more else f"{count} {what}{'s' if count > 1 else ''}"
